"""What runs behind bubblewrap: the zygote's loop, the inner wall around each kernel, and the kernel itself."""
