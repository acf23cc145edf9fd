namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Marks a call of the dashboard, which browsers authenticate with the cookie of a session.</summary>
internal sealed class DashboardCall
{
    /// <summary>A page, whose errors are pages as well.</summary>
    public static readonly DashboardCall Page = new();

    /// <summary>Something that a page fetches.</summary>
    public static readonly DashboardCall Part = new();

    private DashboardCall()
    {
    }
}
