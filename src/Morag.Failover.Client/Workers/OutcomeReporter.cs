using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>Delivers outcomes, and repeats that until the cluster has answered for each. The epoch of the lease makes that safe.</summary>
internal sealed class OutcomeReporter(WorkerCalls calls, WorkerLog log, TimeProvider clock)
{
    private const string Action = "deliver outcomes";

    /// <summary>Delivers an outcome.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="giveUp">Ends the attempts. The task is then handed out again when the cluster notices that the worker is gone.</param>
    public async Task DeliverAsync(LeaseKey lease, RunOutcome outcome, CancellationToken giveUp)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await TryAsync(lease, outcome, giveUp);
                log.Resolve(Action);
                return;
            }
            catch (Exception failure) when (failure is MoragLeaseEndedException or MoragConflictException or MoragNotFoundException)
            {
                log.Late(lease, failure.Message);
                return;
            }
            catch (MoragInvalidException failure)
            {
                if (Instead(outcome, failure.Message) is not { } other)
                {
                    log.Late(lease, failure.Message);
                    return;
                }

                outcome = other;
            }
            catch (MoragException failure)
            {
                log.Trouble(Action, failure);
                await backoff.WaitAsync(giveUp);
            }
        }
    }

    private async Task TryAsync(LeaseKey lease, RunOutcome outcome, CancellationToken giveUp)
    {
        switch (outcome)
        {
            case RunOutcome.Completed completed:
                var answer = await calls.CompleteAsync(lease, completed.Result, giveUp);
                if (answer.Refused is { } refused)
                {
                    throw MoragException.Of(refused);
                }

                log.Ended(lease, outcome.Name);
                break;
            case RunOutcome.Failed failed:
                var decision = await calls.FailAsync(lease, failed.Type, failed.Message, failed.Context, giveUp);
                log.Ended(lease, $"{outcome.Name}; decision: {WireName.Of(decision.SelectedAction.Strategy)}");
                break;
            case RunOutcome.Released:
                await calls.ReleaseAsync(lease, "its worker stops", giveUp);
                log.Ended(lease, outcome.Name);
                break;
            case RunOutcome.Dropped:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no delivery is defined for this outcome");
        }
    }

    // A result that is too large, or details of a failure that are. The task must not run into its timeout because of that.
    private static RunOutcome.Failed? Instead(RunOutcome outcome, string reason) => outcome switch
    {
        RunOutcome.Completed =>
            new RunOutcome.Failed(FailureType.ProcessingError, $"the cluster rejected the result: {reason}", JsonText.EmptyObject),
        RunOutcome.Failed failed when failed.Context != JsonText.EmptyObject => failed with { Context = JsonText.EmptyObject },
        _ => null,
    };
}
