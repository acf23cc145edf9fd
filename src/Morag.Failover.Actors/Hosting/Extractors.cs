using System.Globalization;
using Akka.Cluster.Sharding;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Actors.Hosting;

/// <summary>Finds the entity of a message: a numbered one, one to a shard.</summary>
internal abstract class NumberedExtractor : IMessageExtractor
{
    public string? EntityId(object message) => Number(message)?.ToString(CultureInfo.InvariantCulture);

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message);

    public string ShardId(string entityId, object? messageHint = null) => entityId;

    protected abstract int? Number(object message);
}

/// <summary>Queue partitions and coordinators: by number, or by the task's id.</summary>
internal sealed class PartitionExtractor(int count) : NumberedExtractor
{
    protected override int? Number(object message) => message switch
    {
        IPartitionMessage numbered when numbered.Partition >= 0 && numbered.Partition < count => numbered.Partition,
        ITaskMessage task => Partition.Of(task.TaskId, count),
        _ => null,
    };
}

/// <summary>Buckets of the directory: by number.</summary>
internal sealed class BucketExtractor(int count) : NumberedExtractor
{
    protected override int? Number(object message) =>
        message is IBucketMessage numbered && numbered.Bucket >= 0 && numbered.Bucket < count ? numbered.Bucket : null;
}

/// <summary>Workers: an entity for each id, spread over a fixed number of shards.</summary>
internal sealed class WorkerExtractor(int shards) : IMessageExtractor
{
    public string? EntityId(object message) => (message as IWorkerMessage)?.WorkerId.Value;

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) => message is IWorkerMessage worker ? Shard(worker.WorkerId) : null;

    public string ShardId(string entityId, object? messageHint = null) => Shard(new WorkerId(entityId));

    private string Shard(WorkerId worker) => Partition.Of(worker, shards).ToString(CultureInfo.InvariantCulture);
}
