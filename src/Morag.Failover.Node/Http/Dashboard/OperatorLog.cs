using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Logs what operators did on the dashboard, and under which token.</summary>
internal sealed class OperatorLog(ILogger<OperatorLog> log)
{
    public void Write(HttpContext context, string action, string target, string? reason)
    {
        var name = context.Features.Get<AccessToken>()?.Name;
        log.LogInformation(
            "{Who} on the dashboard: {Action} {Target}: {Reason}",
            string.IsNullOrEmpty(name) ? "An operator" : name,
            action,
            target,
            reason ?? "no reason");
    }
}
