using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Sends the progress of one task to the node, and logs why the node rejects it.</summary>
internal sealed class TaskReports(LeaseKey lease, WorkerClient client, AgentLog log)
{
    private readonly ProblemLog problems = new(log);

    /// <summary>Sends a report. It does not throw unless it is cancelled: the command goes on without its progress.</summary>
    public async Task<ReportEnding> SendAsync(ProgressUpdate update, CancellationToken cancellation)
    {
        try
        {
            await client.ReportProgressAsync(lease, update, cancellation);
            problems.Resolve();
            return ReportEnding.Delivered;
        }
        catch (NodeUnreachable)
        {
            // The heartbeat loop says so.
            return ReportEnding.TryAgain;
        }
        catch (NodeRefused refused)
        {
            if (refused.Problem.Type != ProblemTypes.Conflict)
            {
                problems.Report($"{lease}: progress rejected: {refused.Message}");
            }

            return refused.Problem.IsTransient ? ReportEnding.TryAgain : ReportEnding.Rejected;
        }
    }
}
