using System.Globalization;
using Akka.Cluster.Sharding;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Routes messages to numbered entities, one per shard. Messages also arrive from cluster clients, so an invalid number must not throw: it
/// goes to <see cref="NoSuchEntity"/>, which answers the sender.
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

    /// <summary>The number that a message names; null if it addresses no entity of this kind.</summary>
    protected abstract int? Number(object message);
}

/// <summary>Routes to queue partitions and coordinators, by number or by task id.</summary>
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

/// <summary>Routes to directory buckets, by number.</summary>
internal sealed class BucketExtractor(int count) : NumberedExtractor(count)
{
    protected override int? Number(object message) => (message as IBucketMessage)?.Bucket;
}

/// <summary>Routes to the owner of alerts, the only entity of its region.</summary>
internal sealed class AlertExtractor : IMessageExtractor
{
    private const string Only = "0";

    public string? EntityId(object message) => message is IAlertMessage or GetOwnerStanding ? Only : null;

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message);

    public string ShardId(string entityId, object? messageHint = null) => entityId;
}

/// <summary>Routes to workers: one entity per id, spread over a fixed number of shards.</summary>
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
