using Akka.Actor;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Audit;

/// <summary>
/// Records what operators do to nodes. Such an action changes no stored state, so no owner records it. It is recorded before it is carried
/// out, by the first coordinator that works. If none does within seconds, it is only logged: the action may be what brings them back.
/// </summary>
internal sealed partial class OperatorAudit(FailoverGateway gateway, ActorSystem system, ILogger<OperatorAudit> log)
{
    private const int MaxAttempts = 3;

    /// <summary>How long all attempts may take. A caller who goes away does not end them, because the action follows.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Records an action.</summary>
    public async Task RecordAsync(HttpContext context, AuditAction action, string target, string reason, string before, string after)
    {
        var entry = new AuditEntry
        {
            Id = $"node:{Guid.NewGuid():N}",
            At = system.Scheduler.Now,
            By = context.CallerName(),
            Action = action,
            Target = target,
            Reason = reason,
            Before = before,
            After = after,
        };
        var name = WireName.Of(action);
        LogAction(entry.By, name, LogText.Of(target), LogText.Of(reason));
        var coordinators = gateway.Settings.Partitions.Coordinators;
        var first = Random.Shared.Next(coordinators);
        using var limit = new CancellationTokenSource(Patience);
        for (var attempt = 0; attempt < Math.Min(MaxAttempts, coordinators); attempt++)
        {
            try
            {
                var record = new RecordAudit { Partition = (first + attempt) % coordinators, UpTo = 0, Entries = [entry] };
                _ = await gateway.AskCoordinators<AuditRecorded>(record, limit.Token);
                return;
            }
            catch (ProblemException failure)
            {
                LogNotRecorded(name, LogText.Of(target), failure.Message);
            }
            catch (OperationCanceledException)
            {
                LogNotRecorded(name, LogText.Of(target), "no coordinator answered in time");
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{By}: {Action} {Target}: {Reason}")]
    private partial void LogAction(string by, string action, string target, string reason);

    [LoggerMessage(LogLevel.Error, "{Action} {Target} is not in the audit: {Why}")]
    private partial void LogNotRecorded(string action, string target, string why);
}
