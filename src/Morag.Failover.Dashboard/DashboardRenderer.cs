using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging;

namespace Morag.Failover.Dashboard;

/// <summary>Renders pages to HTML on the server.</summary>
public sealed class DashboardRenderer(IServiceProvider services, ILoggerFactory logs)
{
    /// <summary>The HTML of a page.</summary>
    public async Task<string> RenderAsync<TPage, TModel>(PageFrame frame, TModel model)
        where TPage : DashboardPage<TModel>
    {
        await using var renderer = new HtmlRenderer(services, logs);
        var parameters = ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            [nameof(DashboardPage<>.Frame)] = frame,
            [nameof(DashboardPage<>.Model)] = model,
        });
        return await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync<TPage>(parameters)).ToHtmlString());
    }
}
