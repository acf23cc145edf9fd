using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Dashboard;
using Morag.Failover.Node.Http.Tasks;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The dashboard: pages for people, at <c>/</c>.</summary>
internal static class FailoverDashboard
{
    private const string ApplicationName = "morag-failover";

    /// <summary>Adds the services of the dashboard.</summary>
    /// <param name="services">The services of the node.</param>
    /// <param name="store">
    /// Where the keys are kept that protect sessions and forms; null keeps them in memory, so that both end with the process.
    /// </param>
    public static void AddFailoverDashboard(this IServiceCollection services, StoreAddress? store)
    {
        services.AddSingleton<DashboardRenderer>();
        services.AddSingleton<DashboardView>();
        services.AddSingleton(new EndedSessions(SteadyClock.OfProcess));
        services.AddSingleton<DashboardSessions>();
        services.AddSingleton<OperatorLog>();
        services.TryAddSingleton(new ShownSettings([]));
        services.AddSingleton<ActivityRecorder>();
        services.AddSingleton<OverviewReader>();
        services.AddSingleton<BulkRuns>();
        services.AddAntiforgery(forms =>
        {
            forms.Cookie.Name = "morag-forms";
            forms.Cookie.SameSite = SameSiteMode.Lax;
            forms.Cookie.HttpOnly = true;
            forms.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            forms.FormFieldName = "form-guard";
            forms.SuppressXFrameOptionsHeader = true;
        });
        AddKeys(services, store);
        if (store is not null)
        {
            services.AddHostedService(provider => provider.GetRequiredService<ActivityRecorder>());
        }
    }

    /// <summary>Maps the pages and what they fetch.</summary>
    public static void MapFailoverDashboard(this IEndpointRouteBuilder app)
    {
        var parts = app.MapGroup("").WithMetadata(DashboardCall.Part).ExcludeFromDescription();
        parts.MapAssets();
        parts.MapLive();
        parts.MapGet("/search/complete", SearchEndpoints.Complete);
        var open = app.MapGroup("").WithMetadata(DashboardCall.Page).ExcludeFromDescription();
        open.MapLogin();
        var pages = app.MapGroup("").WithMetadata(DashboardCall.Page, NeedsOwners.Instance).ExcludeFromDescription();
        pages.MapOverview();
        pages.MapWorkerPages();
        pages.MapTaskPages();
        pages.MapBulkPages();
        pages.MapQueuePages();
        pages.MapAlertPages();
        pages.MapAuditPage();
        pages.MapFailurePage();
        pages.MapParkedPages();
        open.MapClusterPage();
        open.MapJournalPages();
        open.MapSettingsPage();
    }

    private static void AddKeys(IServiceCollection services, StoreAddress? store)
    {
        if (store is null)
        {
            services.AddDataProtection().SetApplicationName(ApplicationName).UseEphemeralDataProtectionProvider();
            return;
        }

        services.AddSingleton(_ => new DashboardKeys(store));
        services.AddHostedService(provider => provider.GetRequiredService<DashboardKeys>());
        services.AddHostedService(provider => new EndedSessionsExchange(
            provider.GetRequiredService<EndedSessions>(),
            provider.GetRequiredService<DashboardKeys>(),
            EndedSessionsExchange.UsualInterval,
            SteadyClock.OfProcess,
            provider.GetRequiredService<ILogger<EndedSessionsExchange>>()));
        services.AddDataProtection().SetApplicationName(ApplicationName);
        services.AddOptions<KeyManagementOptions>().Configure<DashboardKeys>((options, keys) => options.XmlRepository = keys);
    }
}
