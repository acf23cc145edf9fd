using Microsoft.AspNetCore.Components;

namespace Morag.Failover.Dashboard;

/// <summary>A page: what it shows, and the frame around it.</summary>
/// <typeparam name="TModel">What it shows.</typeparam>
public abstract class DashboardPage<TModel> : ComponentBase
{
    /// <summary>The frame.</summary>
    [Parameter, EditorRequired]
    public required PageFrame Frame { get; set; }

    /// <summary>What it shows.</summary>
    [Parameter, EditorRequired]
    public required TModel Model { get; set; }
}
