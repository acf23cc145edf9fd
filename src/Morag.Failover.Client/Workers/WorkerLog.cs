using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// What a worker logs. A problem is logged when it begins or changes, and again now and then while it lasts, but not at each attempt.
/// </summary>
internal sealed partial class WorkerLog(ILogger log, WorkerId worker, TimeProvider clock)
{
    /// <summary>How long a problem lasts until it is logged again.</summary>
    public static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, KnownTrouble> troubles = new();

    public void Registered() => LogRegistered(worker);

    public void Forgotten(string reason) => LogForgotten(worker, reason);

    public void WaitsForSilence(string host, TimeSpan silence) => LogWaits(worker, host, silence.TotalSeconds);

    public void TakesOver() => LogTakesOver(worker);

    public void Leased(LeaseKey lease, QueueName queue, int attempt) => LogLeased(lease, queue, attempt);

    public void Lost(LeaseKey lease, string reason) => LogLost(lease, reason);

    public void Ended(LeaseKey lease, string outcome) => LogEnded(lease, outcome);

    public void Late(LeaseKey lease, string reason) => LogLate(lease, reason);

    public void Stops(int running, TimeSpan drain) => LogStops(worker, running, drain.TotalSeconds);

    public void Signal(string signal) => LogSignal(worker, signal);

    public void LoopFailed(string loop, Exception failure) => LogLoopFailed(worker, loop, failure);

    public void Unreadable(LeaseKey? lease, string problem) => LogUnreadable(worker, lease?.ToString() ?? "an unknown task", problem);

    public void HandlerFailed(LeaseKey lease, Exception failure) => LogHandlerFailed(lease, failure);

    /// <summary>Logs that an action fails, unless it failed before for the same reason.</summary>
    public void Trouble(string action, Exception failure)
    {
        if (IsNew(action, failure))
        {
            LogTrouble(worker, action, failure.Message);
        }
    }

    /// <summary>The call registered the worker, but nobody can read its answer.</summary>
    public void RegistrationUnreadable(Exception failure) => LogRegistrationUnreadable(failure.Message);

    /// <summary>Nobody can read whether another process works under the worker's id.</summary>
    public void OtherInstanceUnreadable(Exception failure)
    {
        if (IsNew(nameof(OtherInstanceUnreadable), failure))
        {
            LogOtherInstanceUnreadable(worker, failure.Message);
        }
    }

    /// <summary>The action works again.</summary>
    public void Resolve(string action)
    {
        if (troubles.TryRemove(action, out _))
        {
            LogResolved(worker, action);
        }
    }

    private bool IsNew(string action, Exception failure)
    {
        var found = new KnownTrouble(failure.Message, clock.GetTimestamp());
        var kept = troubles.AddOrUpdate(
            action,
            found,
            (_, before) => before.Message == found.Message && clock.GetElapsedTime(before.Logged, found.Logged) < RepeatAfter
                ? before
                : found);
        return ReferenceEquals(kept, found);
    }

    private sealed record KnownTrouble(string Message, long Logged);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The answer to the registration cannot be read; continuing: {Reason}")]
    private partial void LogRegistrationUnreadable(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Worker {Worker} cannot check whether another process works under its id; continuing: {Reason}")]
    private partial void LogOtherInstanceUnreadable(WorkerId worker, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Registered as worker {Worker}")]
    private partial void LogRegistered(WorkerId worker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster does not know this instance of worker {Worker}: {Reason}. Registering")]
    private partial void LogForgotten(WorkerId worker, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Worker {Worker} is registered by another process on {Host}. Waiting {Seconds} s for a heartbeat from it")]
    private partial void LogWaits(WorkerId worker, string host, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The other process is silent. Taking over worker {Worker}")]
    private partial void LogTakesOver(WorkerId worker);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Worker {Worker}: the lease of {Lease} cannot be read, and the cluster takes it back: {Problem}")]
    private partial void LogUnreadable(WorkerId worker, string lease, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Lease}: leased from {Queue}, attempt {Attempt}")]
    private partial void LogLeased(LeaseKey lease, QueueName queue, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Lease}: the lease is lost, so the handler is cancelled: {Reason}")]
    private partial void LogLost(LeaseKey lease, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Lease}: {Outcome}")]
    private partial void LogEnded(LeaseKey lease, string outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Lease}: the outcome was rejected: {Reason}")]
    private partial void LogLate(LeaseKey lease, string reason);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Worker {Worker} stops. It gives {Running} running tasks {Seconds} s to finish, and then gives them back")]
    private partial void LogStops(WorkerId worker, int running, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker}: {Signal}")]
    private partial void LogSignal(WorkerId worker, string signal);

    [LoggerMessage(Level = LogLevel.Error, Message = "Worker {Worker}: the {Loop} loop failed and starts again")]
    private partial void LogLoopFailed(WorkerId worker, string loop, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Lease}: the handler failed")]
    private partial void LogHandlerFailed(LeaseKey lease, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} cannot {Action}, and keeps trying: {Reason}")]
    private partial void LogTrouble(WorkerId worker, string action, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} can {Action} again")]
    private partial void LogResolved(WorkerId worker, string action);
}
