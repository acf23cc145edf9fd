using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Hosting;

/// <summary>Gets the messages whose address cannot exist, and says so to their senders.</summary>
internal sealed class NoSuchEntity : UntypedActor
{
    /// <summary>No worker's id and no number, so it can be nobody else's.</summary>
    public const string Id = "-";

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StopEntity:
                Context.Stop(Self);
                break;
            case IPartitionMessage numbered:
                Sender.Tell(Refused.Invalid("partition", $"there is no partition {numbered.Partition}"));
                break;
            case IBucketMessage numbered:
                Sender.Tell(Refused.Invalid("bucket", $"there is no bucket {numbered.Bucket}"));
                break;
            case IWorkerMessage:
                Sender.Tell(Refused.Invalid("worker_id", $"must be {Identifier.Rule}"));
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
