"""What runs inside the emulator's process: MiniStack, and where it has to be more like Lambda.

Started as `python -m infra.local.emulator` by the interpreter of `.tools/emulator`, which has
MiniStack and not this project's packages: nothing here may import more than those two.
"""
