//! The storage service: documents, their classification, their retention, and their copies in other regions.

mod classification;
mod document;
mod names;
mod replication;
mod retention;

pub use classification::{
    ByDataType, ByLevel, ClassificationPolicies, ClassificationPolicyCreated, ClassificationPolicyInList,
    ClassificationScan, ClassificationStats, CreateClassificationPolicy, DataType, GivenLevel, Level,
    NewClassificationRule, NewSdkPattern, ScanQueued, ScanType, StartClassificationScan,
};
pub use document::{CreateDocument, Document, DocumentScope, DocumentStatus, Documents, StoredDocument};
pub use names::{Bucket, Region};
pub use replication::{
    AcknowledgeCopy, ConfigurationHealth, CopyAcknowledged, CopyStatus, CreateReplication, Destinations, RegionHealth,
    ReplicationCreated, ReplicationHealth, ReplicationMode, ReplicationStatus,
};
pub use retention::{
    CreateHold, CreateStorageRetention, ExpiryActions, HoldCreated, HoldReleased, HoldScope, OnExpiry, ReleaseHold,
    StorageRetentionCreated, StorageRetentionScope,
};
