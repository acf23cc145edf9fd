using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Logs what operators do on the dashboard, and under which token.</summary>
internal sealed partial class OperatorLog(ILogger<OperatorLog> log)
{
    /// <summary>Logs an action before it is carried out, whatever becomes of it, and afterwards why it failed.</summary>
    public async Task<T> RunAsync<T>(HttpContext context, string action, string target, string? reason, Func<Task<T>> act)
    {
        var who = context.Features.Get<AccessToken>()?.Name is { Length: > 0 } name ? name : "An operator";
        LogAction(who, action, LogText.Of(target), reason is null ? "no reason" : LogText.Of(reason));
        try
        {
            return await act();
        }
        catch (ProblemException refused)
        {
            LogFailure(who, action, LogText.Of(target), LogText.Of(refused.Message));
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Who} on the dashboard: {Action} {Target}: {Reason}")]
    private partial void LogAction(string who, string action, string target, string reason);

    [LoggerMessage(LogLevel.Warning, "{Who} on the dashboard: {Action} {Target} failed: {Why}")]
    private partial void LogFailure(string who, string action, string target, string why);
}
