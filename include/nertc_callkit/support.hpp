// What the C++ headers share. Part of nertc_callkit.hpp: include that.
#ifndef NERTC_CALLKIT_SUPPORT_HPP
#define NERTC_CALLKIT_SUPPORT_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend.h"

/// Operators of an enum of bits.
#define CALLKIT_FLAGS(Enum)                                                                  \
  constexpr Enum operator|(Enum a, Enum b) { return Enum(std::uint32_t(a) | std::uint32_t(b)); } \
  constexpr bool operator&(Enum a, Enum b) { return (std::uint32_t(a) & std::uint32_t(b)) != 0; }

namespace callkit {
namespace detail {

/// True if the library that filled `raw` knows `field`.
template <class Struct, class Field>
bool has(const Struct &raw, Field Struct::*field) {
  const char *start = reinterpret_cast<const char *>(&raw);
  const char *end = reinterpret_cast<const char *>(&(raw.*field)) + sizeof(Field);
  return std::size_t(end - start) <= raw.struct_size;
}

inline std::string_view view(const char *text) {
  return text ? std::string_view(text) : std::string_view();
}

template <class Struct>
Struct init() {
  Struct raw{};
  raw.struct_size = std::uint32_t(sizeof raw);
  return raw;
}

/// NULL for an empty text, which every function takes for "none".
inline const char *optional(const std::string &text) {
  return text.empty() ? nullptr : text.c_str();
}

/// A C text ends at its first NUL: what follows would be lost silently.
template <class... Texts>
bool no_nul(const Texts &...texts) {
  return ((texts.find('\0') == std::string::npos) && ...);
}

}  // namespace detail
}  // namespace callkit

#endif
