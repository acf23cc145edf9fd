using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Hosting;

/// <summary>Rejects messages to an entity that cannot exist.</summary>
internal sealed class NoSuchEntity : UntypedActor
{
    /// <summary>The entity id. It is neither a valid worker id nor a number, so no other entity has it.</summary>
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
