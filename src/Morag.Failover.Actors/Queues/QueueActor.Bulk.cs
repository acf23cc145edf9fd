using System.Collections.Immutable;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>Bulk calls: some of their tasks at a time, so that other messages are handled in between.</content>
public sealed partial class QueueActor
{
    private void BeginBulk(IPartitionMessage command)
    {
        var replyTo = Sender;
        var refused = command switch
        {
            RequeueTasks requeue => OperatorCommands.Refusal(requeue, settings.Queues),
            CancelTasks cancel => OperatorCommands.Refusal(cancel),
            ChangeTasks change => BulkChanges.Refusal(change, settings.Queues),
            _ => null,
        };
        if (refused is not null)
        {
            AfterWrites(() => replyTo.Tell(refused));
            return;
        }

        var state = State;
        DoAside(
            () => new BulkCommand(command, Matching(state), replyTo),
            cause => new BulkFailed(replyTo, cause),
            Self);

        List<TaskId> Matching(QueueState before) =>
            command is ChangeTasks change ? BulkChanges.Matching(before, change, settings) : OperatorCommands.Matching(before, command);
    }

    private void ContinueBulk(BulkCommand bulk)
    {
        int? toRecord = bulk.Affected.Count == 0 ? bulk.Tasks.Count : null;
        var decided = bulk.Command switch
        {
            _ when bulk.IsOver => new(null, []),
            RequeueTasks { DryRun: false } requeue => OperatorCommands.Decide(State, requeue, bulk.CurrentTasks, Now, toRecord),
            ChangeTasks change => BulkChanges.Decide(State, change, bulk.CurrentTasks, settings, Now, toRecord),
            CancelTasks { DryRun: false } cancel => OperatorCommands.Decide(State, cancel, bulk.CurrentTasks, Now, toRecord),
            _ => new Decision<ImmutableArray<TaskId>>(null, [.. bulk.CurrentTasks]),
        };
        ChangeIfAny(decided.Event);
        var further = bulk.After(decided.Reply);
        if (!further.IsOver)
        {
            Self.Tell(further);
            return;
        }

        ForgetFinished();
        AfterWrites(() => further.ReplyTo.Tell(further.Affected), further.ReplyTo);
    }

    private void FailBulk(BulkFailed failed)
    {
        Log.Error(failed.Cause, "{Owner}: a bulk call failed before it changed anything", PersistenceId);
        failed.ReplyTo.Tell(Refused.Unavailable(
            "The call failed with an internal error and changed nothing. The cause is in the node's log. Repeat the call."));
    }

    private sealed record BulkFailed(IActorRef ReplyTo, Exception Cause) : INoSerializationVerificationNeeded;
}
