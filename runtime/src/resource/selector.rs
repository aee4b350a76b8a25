//! Label and field selectors: Kubernetes' grammar, messages and matching.
