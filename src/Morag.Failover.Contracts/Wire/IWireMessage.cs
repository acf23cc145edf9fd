using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// A message that may cross from one process to another. Its manifest is the <see cref="ProtoContractAttribute.Name"/>
/// of the type: chosen once, never changed. Fields are only ever added, and never renumbered.
/// </summary>
public interface IWireMessage;

/// <summary>A message about one task; it goes to the partition that owns the task's id.</summary>
public interface ITaskMessage : IWireMessage
{
    /// <summary>The task it is about.</summary>
    Ids.TaskId TaskId { get; }
}

/// <summary>A message to one numbered partition of queues or coordinators.</summary>
public interface IPartitionMessage : IWireMessage
{
    /// <summary>The partition, from 0.</summary>
    int Partition { get; }
}

/// <summary>A message to the entity of one worker.</summary>
public interface IWorkerMessage : IWireMessage
{
    /// <summary>The worker it is about.</summary>
    Ids.WorkerId WorkerId { get; }
}

/// <summary>A message to one numbered bucket of the worker directory.</summary>
public interface IBucketMessage : IWireMessage
{
    /// <summary>The bucket, from 0.</summary>
    int Bucket { get; }
}
