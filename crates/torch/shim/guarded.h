// The border between C++ and Rust: exceptions become messages, which the caller frees.
#pragma once

#include <c10/util/Exception.h>

#include <cstdlib>
#include <cstring>

namespace {

char* message_of(const char* what) {
  char* copy = static_cast<char*>(std::malloc(std::strlen(what) + 1));
  if (copy != nullptr) std::strcpy(copy, what);
  return copy;
}

// Runs code and returns null, or the message of its exception.
template <class Body>
char* guarded(Body body) {
  try {
    body();
    return nullptr;
  } catch (const c10::Error& error) {
    return message_of(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return message_of(error.what());
  }
}

}  // namespace
