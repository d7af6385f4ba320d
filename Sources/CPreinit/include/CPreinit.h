// Nothing to call: preinit.c runs before the program's libraries.
