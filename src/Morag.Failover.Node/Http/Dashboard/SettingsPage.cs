using System.Collections.Immutable;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The settings that the page shows.</summary>
/// <param name="Settings">The settings.</param>
internal sealed record ShownSettings(ImmutableArray<SettingInForce> Settings);

/// <summary><c>GET /settings</c>: the settings in force, and where each comes from.</summary>
internal static class SettingsPage
{
    public static void MapSettingsPage(this IEndpointRouteBuilder pages) => pages.MapGet("/settings", Show);

    private static async Task<IResult> Show(HttpContext context, DashboardView view, ShownSettings shown)
    {
        EffectiveSetting[] settings =
            [.. shown.Settings.Select(setting => new EffectiveSetting(setting.Key, setting.Value, setting.Origin))];
        return TableFile.Of(
            context,
            "settings",
            settings,
            ("key", setting => setting.Key),
            ("value", setting => setting.Value),
            ("origin", setting => setting.Origin))
            ?? await view.Page<SettingsScreen, SettingsModel>(context, new(settings), live: false);
    }
}
