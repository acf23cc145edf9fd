using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Logs what operators do on the dashboard, and under which token.</summary>
internal sealed class OperatorLog(ILogger<OperatorLog> log)
{
    /// <summary>Logs an action before it is carried out, whatever becomes of it, and afterwards why it failed.</summary>
    public async Task<T> RunAsync<T>(HttpContext context, string action, string target, string? reason, Func<Task<T>> act)
    {
        var who = context.Features.Get<AccessToken>()?.Name is { Length: > 0 } name ? name : "An operator";
        log.LogInformation("{Who} on the dashboard: {Action} {Target}: {Reason}", who, action, target, reason ?? "no reason");
        try
        {
            return await act();
        }
        catch (ProblemException refused)
        {
            log.LogWarning("{Who} on the dashboard: {Action} {Target} failed: {Why}", who, action, target, refused.Message);
            throw;
        }
    }
}
