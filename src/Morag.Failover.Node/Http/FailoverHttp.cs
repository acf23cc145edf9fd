using Akka.Actor;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Actors;
using Morag.Failover.Node.Http.Alerts;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Audit;
using Morag.Failover.Node.Http.Dashboard;
using Morag.Failover.Node.Http.Events;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Health;
using Morag.Failover.Node.Http.Journal;
using Morag.Failover.Node.Http.Log;
using Morag.Failover.Node.Http.Metrics;
using Morag.Failover.Node.Http.Nodes;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Policy;
using Morag.Failover.Node.Http.Queues;
using Morag.Failover.Node.Http.Scaling;
using Morag.Failover.Node.Http.Sharding;
using Morag.Failover.Node.Http.Summary;
using Morag.Failover.Node.Http.Tasks;
using Morag.Failover.Node.Http.Workers;
using Morag.Failover.Node.Inspection;
using Morag.Failover.Node.Palettes;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Http;

/// <summary>The HTTP API of a node.</summary>
public static class FailoverHttp
{
    /// <summary>
    /// Adds the services of the API. The host must also register an <see cref="ActorSystem"/>, <c>IFailoverRegions</c> and
    /// <c>FailoverSettings</c>. <c>/health/ready</c> runs every registered <see cref="ReadinessCheck"/>.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="store">
    /// The Redis that holds the keys of the dashboard; null keeps them in memory, and leaves the charts of the dashboard empty.
    /// </param>
    public static IServiceCollection AddFailoverHttp(
        this IServiceCollection services, HttpApiSettings settings, StoreAddress? store = null)
    {
        services.AddSingleton(settings);
        services.AddNodeMetrics(settings);
        services.AddSingleton(new AccessTokens(settings, SteadyClock.OfProcess));
        services.AddSingleton(SteadyClock.OfProcess);
        services.AddSingleton(provider => LostMembers.Of(provider.GetRequiredService<ActorSystem>()));
        services.AddSingleton<FailoverGateway>();
        services.AddSingleton<NodeInspectors>();
        services.AddSingleton<OperatorAudit>();
        services.AddSingleton(provider => RecentEvents.Of(provider.GetRequiredService<ActorSystem>()));
        services.AddFailoverDashboard(store);
        services.AddSingleton<SummaryReader>();
        services.TryAddSingleton<NodeAnnouncements>();
        services.TryAddSingleton(StoreRoom.Unlimited);
        services.TryAddSingleton(new OwnerHealth());
        services.TryAddSingleton(provider => new ClusterDoubt(provider.GetRequiredService<OwnerHealth>()));
        services.TryAddSingleton(IServingPermit.Always);
        services.TryAddSingleton(new JoinProgress());
        services.AddSingleton(provider => new JournalInspector(provider.GetRequiredService<ActorSystem>()));
        services.AddSingleton(provider => ReadinessCheck.ClusterMembership(
            provider.GetRequiredService<ActorSystem>(), provider.GetRequiredService<JoinProgress>()));
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            HttpLimits.ApplyTo(kestrel, settings);
        });
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = ContractsJson.Options.PropertyNamingPolicy;
            json.SerializerOptions.PropertyNameCaseInsensitive = false;
            foreach (var converter in ContractsJson.Options.Converters)
            {
                json.SerializerOptions.Converters.Add(converter);
            }
        });
        services.AddSingleton<CallExamples>();
        services.AddSingleton<ApiDocument>();
        services.AddOpenApi(ApiDocument.Name, openApi =>
        {
            openApi.AddSchemaTransformer<WireSchemas>();
            openApi.AddOperationTransformer<CallFacts>();
            openApi.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Morag Failover",
                    Version = "v1",
                    Description = "Lease tasks to workers, detect failures, and decide and explain what happens next. "
                        + "Errors are problem details (RFC 9457) that name the field and the rule.",
                };
                // The node that the document came from, under whichever name the reader knows it.
                document.Servers = [];
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
                document.Components.SecuritySchemes[CallFacts.Bearer] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "A token of this node. The description of each call lists the kinds of tokens that it accepts.",
                };
                return Task.CompletedTask;
            });
        });
        return services;
    }

    /// <summary>
    /// Maps all endpoints, error handling and authentication. Endpoints that the host maps itself require a token as well.
    /// </summary>
    public static WebApplication MapFailoverApi(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<HeadRequests>();
        LimitedUpgrade.Use(app);
        app.UseWebSockets();
        app.UseRouting();
        app.UseMiddleware<DashboardMiddleware>();
        app.UseMiddleware<AccessMiddleware>();
        app.UseMiddleware<ServingMiddleware>();

        var api = app.MapGroup("/api/v1");
        api.MapNodes();
        api.MapNodeControls();
        api.MapClusterEvents();
        api.MapNodeLog();
        api.MapSharding();
        api.MapActors();
        api.MapJournal();
        var owned = app.MapGroup("/api/v1").WithMetadata(NeedsOwners.Instance);
        owned.MapTaskSubmission();
        owned.MapTasks();
        owned.MapSearch();
        owned.MapBulk();
        owned.MapLeases();
        owned.MapWorkerCalls();
        owned.MapWorkers();
        owned.MapWorkerResults();
        owned.MapWorkerOffline();
        owned.MapWorkerSession();
        owned.MapFailures();
        owned.MapPolicy();
        owned.MapQueues();
        owned.MapQueueControls();
        owned.MapAlerts();
        owned.MapScale();
        owned.MapSummary();
        owned.MapAudit();
        owned.MapEvents();
        app.MapPalettes();
        app.MapHealth();
        app.MapApiDocument();
        app.MapMetrics();
        app.MapFailoverDashboard();

        // From the start on, not from the first reader on.
        app.Lifetime.ApplicationStarted.Register(() => app.Services.GetRequiredService<RecentEvents>());
        return app;
    }
}
