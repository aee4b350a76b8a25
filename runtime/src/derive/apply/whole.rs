//! Types whose values are given as a whole: scalars, and what Kubernetes itself defines. k8s-openapi writes none of its options
//! that is none, and the fields that it always writes are required by Kubernetes too.

use super::Apply;
use k8s_openapi::ByteString;
use k8s_openapi::api::{apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, core::v1 as core};
use k8s_openapi::api::{networking::v1 as networking, rbac::v1 as rbac};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use k8s_openapi::apimachinery::pkg::{api::resource, runtime, util::intstr};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Debug;

macro_rules! whole {
    ($($type:ty),* $(,)?) => {$(
        impl Apply for $type {
            type Configuration = Self;

            fn into_configuration(self) -> Self {
                self
            }
        }
    )*};
}

macro_rules! types {
    ($module:ident: $($name:ident)*) => {
        whole!($($module::$name),*);
    };
}

whole!(bool, char, (), String, &str, ByteString, serde_json::Value, serde_json::Map<String, serde_json::Value>);
whole!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64);
whole!(std::num::NonZeroI32, std::num::NonZeroI64, std::num::NonZeroU8, std::num::NonZeroU16);
whole!(std::num::NonZeroU32, std::num::NonZeroU64, std::path::PathBuf, std::time::Duration, std::time::SystemTime);
whole!(std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr, std::net::SocketAddr);
whole!(bytes::Bytes, uuid::Uuid, jiff::Timestamp, jiff::Zoned, jiff::Span, jiff::SignedDuration);
whole!(jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime);

#[cfg(feature = "chrono")]
whole!(chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::TimeDelta, chrono::Weekday, chrono::Month);
#[cfg(feature = "url")]
whole!(url::Url);

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> Apply for chrono::DateTime<Z>
where
    Self: Clone + Debug + Serialize,
{
    type Configuration = Self;

    fn into_configuration(self) -> Self {
        self
    }
}

impl<T: ?Sized + ToOwned<Owned: Clone + Debug> + Debug + Serialize> Apply for Cow<'_, T> {
    type Configuration = Self;

    fn into_configuration(self) -> Self {
        self
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Clone + Debug + Serialize),*> Apply for ($($name,)*) {
            type Configuration = Self;

            fn into_configuration(self) -> Self {
                self
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);

types!(intstr: IntOrString);
types!(resource: Quantity);
types!(runtime: RawExtension);
types!(meta:
    Condition LabelSelector LabelSelectorRequirement MicroTime ObjectMeta OwnerReference Time);
types!(core:
    Affinity AppArmorProfile Capabilities ConfigMap ConfigMapEnvSource ConfigMapKeySelector ConfigMapProjection
    ConfigMapVolumeSource Container ContainerPort ContainerStatus CSIVolumeSource EmptyDirVolumeSource EndpointPort EnvFromSource
    EnvVar EnvVarSource EphemeralVolumeSource ExecAction GRPCAction HostAlias HostPathVolumeSource HTTPGetAction HTTPHeader
    ImageVolumeSource KeyToPath Lifecycle LifecycleHandler LoadBalancerIngress LoadBalancerStatus LocalObjectReference
    NFSVolumeSource NodeAffinity NodeSelector NodeSelectorRequirement NodeSelectorTerm ObjectFieldSelector ObjectReference
    PersistentVolumeClaim PersistentVolumeClaimSpec PersistentVolumeClaimTemplate PersistentVolumeClaimVolumeSource PodAffinity
    PodAffinityTerm PodAntiAffinity PodDNSConfig PodDNSConfigOption PodReadinessGate PodResourceClaim PodSchedulingGate
    PodSecurityContext PodSpec PodTemplateSpec PreferredSchedulingTerm Probe ProjectedVolumeSource ResourceClaim
    ResourceFieldSelector ResourceQuotaSpec ResourceRequirements ScopeSelector SeccompProfile Secret SecretEnvSource
    SecretKeySelector SecretProjection SecretReference SecretVolumeSource SecurityContext SELinuxOptions ServicePort ServiceSpec
    Sysctl Taint TCPSocketAction Toleration TopologySelectorTerm TopologySpreadConstraint TypedLocalObjectReference
    TypedObjectReference Volume VolumeDevice VolumeMount VolumeProjection VolumeResourceRequirements WeightedPodAffinityTerm
    WindowsSecurityContextOptions);
types!(apps:
    DaemonSetSpec DaemonSetUpdateStrategy DeploymentSpec DeploymentStrategy RollingUpdateDaemonSet RollingUpdateDeployment
    StatefulSetSpec StatefulSetUpdateStrategy);
types!(batch: CronJobSpec JobSpec JobTemplateSpec PodFailurePolicy);
types!(networking:
    HTTPIngressPath IPBlock IngressBackend IngressRule IngressSpec IngressTLS NetworkPolicyEgressRule NetworkPolicyIngressRule
    NetworkPolicyPeer NetworkPolicyPort NetworkPolicySpec);
types!(rbac: PolicyRule RoleRef Subject);
types!(autoscaling: CrossVersionObjectReference HorizontalPodAutoscalerBehavior HorizontalPodAutoscalerSpec MetricSpec);
