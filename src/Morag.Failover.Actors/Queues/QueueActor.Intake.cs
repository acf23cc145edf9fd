using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>Submissions, which wait while the store is behind.</content>
public sealed partial class QueueActor
{
    private void AcceptOrHold(SubmitTasks submit, long bytes)
    {
        if (!intake.MustWait(BytesInFlight))
        {
            Answer(Submission.Decide(State, submit, settings, Now));
        }
        else if (!intake.TryAdd(submit, bytes, Sender))
        {
            Sender.Tell(Refused.LimitReached(
                $"{Intake.MostWaiting / (1024 * 1024)} MiB of submissions wait for the store. Nothing was accepted. Retry later."));
        }
    }

    private void AcceptHeld()
    {
        while (intake.TakeNext(BytesInFlight) is { } entry)
        {
            Answer(Submission.Decide(State, entry.Submit, settings, Now), entry.ReplyTo);
        }

        OfferReadyTasks();
    }
}
