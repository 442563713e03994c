#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/// A server on a socket that listens already, with a thread for each connection. Swift cannot call functions with a
/// variable number of arguments, hence this one.
static inline struct MHD_Daemon *sk_http_start(
    int listener, void *owner, MHD_AccessHandlerCallback handler,
    void *(*begin)(void *owner, const char *target, struct MHD_Connection *connection),
    MHD_RequestCompletedCallback completed, MHD_NotifyConnectionCallback notice, unsigned int connections, unsigned int seconds, size_t memory,
    size_t stack) {
  return MHD_start_daemon(
      MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC, 0, NULL, NULL, handler, owner,
      MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, begin, owner, MHD_OPTION_NOTIFY_COMPLETED,
      completed, owner, MHD_OPTION_NOTIFY_CONNECTION, notice, owner, MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, seconds,
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

/// Whether a connection has just been opened; otherwise it is about to be closed.
static inline int sk_http_is_opened(enum MHD_ConnectionNotificationCode code) {
  return code == MHD_CONNECTION_NOTIFY_STARTED;
}

/// What ``sk_http_is_ambiguous`` has seen of a request's headers.
struct sk_http_headers {
  int hosts, lengths, has_nul;
};

static inline enum MHD_Result sk_http_see_header(
    void *state, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value, size_t value_size) {
  struct sk_http_headers *seen = (struct sk_http_headers *)state;
  (void)kind;
  seen->hosts += name_size == 4 && strncasecmp(name, "Host", 4) == 0;
  seen->lengths += name_size == 14 && strncasecmp(name, "Content-Length", 14) == 0;
  if (value == NULL) return MHD_YES;
  if (value_size != strlen(value)) seen->has_nul = 1;
#if MHD_VERSION < 0x01000000
  // Before version 1.0 the library ends a value at a NUL in it. It puts NULs in place of the carriage return and the line
  // feed after a value, so that something else in the second place is what was cut off.
  if (value[strlen(value) + 1] != 0) seen->has_nul = 1;
#endif
  return MHD_YES;
}

/// Whether other readers might understand a request's headers in another way: there are two hosts or lengths, a NUL, or
/// lines that end with a line feed alone.
static inline int sk_http_is_ambiguous(struct MHD_Connection *connection) {
  struct sk_http_headers seen = {0, 0, 0};
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, sk_http_see_header, &seen);
  return seen.hosts > 1 || seen.lengths > 1 || seen.has_nul;
}

/// Whether method, target and version are all that the first line of a request holds, as opposed to what stands before
/// a NUL in it.
static inline int sk_http_line_is_whole(const char *method, const char *url, size_t target_size, const char *version) {
#if MHD_VERSION < 0x01000000
  // Before version 1.0 the library ends each part at a NUL in it. It puts NULs in place of the two spaces, so that
  // parts that are not a byte apart were cut off.
  return method + strlen(method) + 1 == url && url + target_size + 1 == version;
#else
  (void)method, (void)url, (void)target_size, (void)version;
  return 1;
#endif
}

/// The socket of a connection; -1 if the library does not tell.
static inline int sk_http_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : (int)info->connect_fd;
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
