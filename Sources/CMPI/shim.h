// What Swift cannot see of mpi.h: the handles there are macros.
#include <mpi.h>

static inline MPI_Comm sk_mpi_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Request sk_mpi_no_request(void) { return MPI_REQUEST_NULL; }
static inline void *sk_mpi_in_place(void) { return MPI_IN_PLACE; }

static inline MPI_Datatype sk_mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype sk_mpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype sk_mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype sk_mpi_double(void) { return MPI_DOUBLE; }

static inline MPI_Op sk_mpi_sum(void) { return MPI_SUM; }
static inline MPI_Op sk_mpi_minimum(void) { return MPI_MIN; }
static inline MPI_Op sk_mpi_maximum(void) { return MPI_MAX; }

// Errors come back as codes instead of ending the process.
static inline int sk_mpi_return_errors(MPI_Comm communicator) {
  return MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
}

static inline int sk_mpi_split_by_machine(MPI_Comm communicator, MPI_Comm *machine) {
  return MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, machine);
}

static inline int sk_mpi_wait(MPI_Request *request) { return MPI_Wait(request, MPI_STATUS_IGNORE); }
static inline int sk_mpi_test(MPI_Request *request, int *is_done) {
  return MPI_Test(request, is_done, MPI_STATUS_IGNORE);
}

// Whether a message has come, with the rank that sent it and its bytes.
static inline int sk_mpi_probe(MPI_Comm communicator, int source, int tag, int *has_come, int *sender, int *count) {
  MPI_Status status;
  int code = MPI_Iprobe(source, tag, communicator, has_come, &status);
  if (code != MPI_SUCCESS || !*has_come) return code;
  *sender = status.MPI_SOURCE;
  return MPI_Get_count(&status, MPI_BYTE, count);
}

static inline int sk_mpi_receive(void *bytes, int count, int source, int tag, MPI_Comm communicator) {
  return MPI_Recv(bytes, count, MPI_BYTE, source, tag, communicator, MPI_STATUS_IGNORE);
}

static inline int sk_mpi_any_source(void) { return MPI_ANY_SOURCE; }
