#include <errno.h>
#include <microhttpd.h>
#include <sys/socket.h>

/// A server on a socket that listens already, with a thread for each connection. Swift cannot call functions with a
/// variable number of arguments, hence this one.
static inline struct MHD_Daemon *sk_http_start(
    int listener, void *owner, MHD_AccessHandlerCallback handler,
    void *(*begin)(void *owner, const char *target, struct MHD_Connection *connection),
    MHD_RequestCompletedCallback completed, unsigned int connections, unsigned int seconds, size_t memory,
    size_t stack) {
  return MHD_start_daemon(
      MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC, 0, NULL, NULL, handler, owner,
      MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, begin, owner, MHD_OPTION_NOTIFY_COMPLETED,
      completed, owner, MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_THREAD_STACK_SIZE, stack, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_END);
}

// Versions of the library import their enumerations into Swift in different ways; these are the same for all.

static const enum MHD_Result sk_http_yes = MHD_YES;
static const enum MHD_Result sk_http_no = MHD_NO;

/// The value of a header of a request; NULL if it has none.
static inline const char *sk_http_header(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/// Whether the other end of a connection has been closed, also if only its sending has: who asks and says no more is taken
/// for gone.
static inline int sk_http_is_gone(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  char byte;
  if (info == NULL) return 0;
  ssize_t count = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/// A response with a copy of these bytes.
static inline struct MHD_Response *sk_http_response(const void *bytes, size_t count) {
  return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}
