using System.Globalization;
using Akka.Cluster.Sharding;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Finds the entity of a message: a numbered one, one to a shard. Messages also come from outside the cluster, so an address that does
/// not exist is no reason to throw, nor to leave the sender without an answer.
/// </summary>
internal abstract class NumberedExtractor(int count) : IMessageExtractor
{
    public string? EntityId(object message) => Number(message) switch
    {
        null => null,
        { } number when number >= 0 && number < count => number.ToString(CultureInfo.InvariantCulture),
        _ => NoSuchEntity.Id,
    };

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message);

    public string ShardId(string entityId, object? messageHint = null) => entityId;

    /// <summary>The number that a message names; null for one that is for no entity of this kind.</summary>
    protected abstract int? Number(object message);
}

/// <summary>Queue partitions and coordinators: by number, or by the task's id.</summary>
internal sealed class PartitionExtractor(int count) : NumberedExtractor(count)
{
    private readonly int count = count;

    protected override int? Number(object message) => message switch
    {
        IPartitionMessage numbered => numbered.Partition,
        ITaskMessage task => Partition.Of(task.TaskId, count),
        _ => null,
    };
}

/// <summary>Buckets of the directory: by number.</summary>
internal sealed class BucketExtractor(int count) : NumberedExtractor(count)
{
    protected override int? Number(object message) => (message as IBucketMessage)?.Bucket;
}

/// <summary>Workers: an entity for each id, spread over a fixed number of shards.</summary>
internal sealed class WorkerExtractor(int shards) : IMessageExtractor
{
    public string? EntityId(object message) => message is IWorkerMessage { WorkerId.Value: var id }
        ? Identifier.IsValid(id) ? id : NoSuchEntity.Id
        : null;

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message) is { } id ? ShardId(id) : null;

    public string ShardId(string entityId, object? messageHint = null) =>
        Partition.Of(new WorkerId(entityId), shards).ToString(CultureInfo.InvariantCulture);
}
