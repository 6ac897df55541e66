/* For sparse only, which is older than the kernel's headers: teach it what it does not know. */
#define __typeof_unqual__ __typeof__
#define __builtin_strlen(string) (sizeof(string) - 1)
