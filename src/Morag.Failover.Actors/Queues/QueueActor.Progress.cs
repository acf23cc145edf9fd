using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>The progress that workers report: stored at a bounded rate, and at the latest before the lease ends.</content>
public sealed partial class QueueActor
{
    /// <summary>Reports that come due within this time of each other are stored together.</summary>
    private static readonly TimeSpan LeastProgressPause = TimeSpan.FromMilliseconds(100);

    private WaitingProgress waitingProgress = WaitingProgress.None;
    private DateTimeOffset progressDue;

    /// <inheritdoc />
    protected override void Stopping()
    {
        while (ProgressReports.DecideAll(waitingProgress) is { } reported)
        {
            StoreProgress(reported);
        }
    }

    private void Accept(ReportProgress report)
    {
        var isStoreBehind = intake.MustWait(BytesInFlight);
        var (reported, reply, waiting) = ProgressReports.Decide(
            State, waitingProgress, report, settings.Queues, isStoreBehind, Now);
        waitingProgress = waiting;
        Answer(new Decision<LeaseResults>(reported, reply));
        ArmProgressTimer();
    }

    /// <summary>What waits of the tasks whose leases an event ends goes first.</summary>
    private void StoreProgressBefore(IStoredEvent ending)
    {
        while (ProgressReports.DecideBefore(ending, waitingProgress) is { } reported)
        {
            StoreProgress(reported);
        }
    }

    private void StoreProgressOf(WorkerId worker)
    {
        while (ProgressReports.DecideOf(worker, State, waitingProgress) is { } reported)
        {
            StoreProgress(reported);
        }
    }

    private void StoreDueProgress()
    {
        while (!intake.MustWait(BytesInFlight)
            && ProgressReports.DecideDue(State, waitingProgress, settings.Queues, Now) is { } reported)
        {
            StoreProgress(reported);
        }

        ArmProgressTimer();
    }

    private void StoreProgress(ProgressReported reported)
    {
        waitingProgress = waitingProgress.Without(reported);
        Change(reported);
    }

    private void ArmProgressTimer()
    {
        if (ProgressReports.NextDue(State, waitingProgress, settings.Queues) is { } next
            && !(Timers.IsTimerActive(nameof(StoreProgressTick)) && progressDue <= next))
        {
            progressDue = next;
            var pause = next - Now;
            Timers.StartSingleTimer(
                nameof(StoreProgressTick),
                StoreProgressTick.Instance,
                pause < LeastProgressPause ? LeastProgressPause
                : pause > settings.Queues.ProgressInterval ? settings.Queues.ProgressInterval
                : pause);
        }
    }
}
