using System.Net;
using Akka.Actor;
using Akka.Hosting;
using Morag.EmbeddedRedis;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Actors;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Security;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Node.Alerts;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Dashboard;
using Morag.Failover.Node.Http.Health;
using Morag.Failover.Node.Inspection;
using Morag.Failover.Node.Logging;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Hosting;
using StackExchange.Redis;

namespace Morag.Failover.Node;

/// <summary>
/// Starts and stops a node. The order of the start is Redis, the check that the data belongs to this cluster, the actor system, HTTP. The
/// node stops in the opposite order, so that it accepts nothing that it can no longer store.
/// </summary>
internal static class NodeProgram
{
    private const int RefusedConfiguration = 2;

    /// <summary>The cluster continues without this node, which must be started again to take part.</summary>
    private const int TakenOver = 3;

    private static readonly TimeSpan WarmUpLimit = TimeSpan.FromSeconds(5);

    /// <summary>Longer than all phases of coordinated shutdown together (hocon/akka.conf).</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(85);

    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error)
    {
        if (NodeCommandLine.AsksForHelp(arguments))
        {
            await output.WriteAsync(NodeCommandLine.Usage);
            return 0;
        }

        try
        {
            var options = NodeOptions.Load(arguments, Environment.GetEnvironmentVariable);
            var tls = TlsOptionsReader.LoadCluster(options, TimeProvider.System);
            var certificate = options.HttpTls is { } files
                ? new HttpCertificate(files, TimeProvider.System, NodeLog.Create(options, "Http"))
                : null;
            await StartChecks.RunAsync(options, certificate);
            await using var embedded = options.Redis is null ? await StartEmbeddedRedisAsync(options) : null;
            var store = embedded is null ? StoreAddress.Of(options.Redis!, options) : StoreAddress.Of(embedded, options);
            var log = NodeLog.Create(options, "Store");
            var record = JournalRecord.Open(store.RecordFile);
            log.UsesDataFolder(options.DataFolder, NodeSetting.Data.Key);
            var identity = await ClusterIdentity.ClaimAsync(store, options.Failover.Partitions, record, TimeProvider.System, log);
            var refusal = new Refusal();
            await using var watch = new JournalWatch(store, record, refusal, TimeProvider.System, log);
            var epochs = new EpochRecord(record, TimeProvider.System, log);
            using var webhooks = new HttpWebhooks(options.Webhooks, options.Failover.Alerts.WebhookTimeout, TimeProvider.System);
            var parts = new NodeParts(store, identity, refusal, epochs, EmbeddedLimits.RoomOf(embedded), tls, certificate)
            {
                StoreUse = () => embedded is null ? watch.MemoryUse : embedded.DataUse,
                Webhooks = webhooks,
            };
            await using var app = Build(options, parts);
            await StartAsync(app, options);
            Announce(app, options);
            return await UntilStoppedAsync(app, refusal, error);
        }
        catch (DataLossException loss)
        {
            await error.WriteLineAsync($"{loss.Message} {loss.Remedy(NodeSetting.AcceptDataLoss.Option)}");
            return RefusedConfiguration;
        }
        catch (Exception refusal) when (refusal is ConfigurationRefusedException or EmbeddedRedisException or StoreRefusedException)
        {
            await error.WriteLineAsync(refusal.Message.ReplaceLineEndings(" "));
            return RefusedConfiguration;
        }
    }

    private static Task<EmbeddedRedis.EmbeddedRedis> StartEmbeddedRedisAsync(NodeOptions options)
    {
        var log = NodeLog.Create(options, "EmbeddedRedis");
        log.EmbeddedRedisSays(EmbeddedLimits.Describe(options));
        return Morag.EmbeddedRedis.EmbeddedRedis.StartAsync(new EmbeddedRedisOptions
        {
            DataFolder = options.EmbeddedRedisFolder,
            Memory = options.EmbeddedMemory,
            AcceptDataLoss = options.AcceptedDataLoss,
            AcceptDataLossOption = NodeSetting.AcceptDataLoss.Option,
            Log = log.EmbeddedRedisSays,
        });
    }

    private static WebApplication Build(NodeOptions options, NodeParts parts)
    {
        var (store, identity, refusal, epochs, room, tls, certificate) = parts;
        var redis = store.ConnectionString;
        var builder = WebServer.Builder(options, certificate);
        builder.Logging.AddNodeConsole(options.LogFormat);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // It warns that Redis holds the keys of the dashboard unencrypted. Whoever reads that Redis has all state anyway.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // The host also throws what it logs at a failed start, and the catcher reports it once.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);

        var outages = new FreezeWatch(SteadyClock.OfProcess, options.Failover.Workers.FreezeTolerance);
        builder.Services.AddSingleton<IOutageWatch>(outages);
        var owners = new OwnerHealth();
        FailoverMeter.Publish(outages, owners);
        var feed = new NodeLogFeed(TimeProvider.System);
        var level = new LogLevelSwitch(NodeLog.LevelOf(options));
        builder.Logging.AddNodeLogFeed(feed, level);
        var announcements = new NodeAnnouncements();
        builder.Services.AddSingleton(announcements);
        var doubt = new ClusterDoubt(owners);
        var presence = new NodePresence(options.PresenceTimeout, TimeProvider.System);
        var progress = new JoinProgress();
        builder.Services.AddSingleton(progress);
        builder.Services.AddAkka(NodeOptions.ActorSystemName, (akka, services) => akka
            .WithClusterTls(tls)
            .AddHocon(
                identity.Settings(options).WithFallback(options.ActorSystemConfig(redis)).WithFallback(FailoverSerialization.Config),
                HoconAddMode.Prepend)
            .WithNodeLog(options, services)
            .WithRedisPersistence(redis, database: ConfigurationOptions.Parse(redis).DefaultDatabase ?? 0)
            .WithFailover(
                options.Failover,
                outages,
                epochs,
                system => new RedisHistoryEraser(system),
                owners,
                presence,
                parts.StoreUse,
                parts.Webhooks)
            .WithActors((system, _) => system.ActorOf(NodeInspector.Props(feed, level), NodeInspector.Name))
            .WithActors((system, _) => NodeLog.Feed(system, options, feed, level))
            .WithActors((system, _) => system.ActorOf(Props.Create(() => new EpochExchange(epochs)), "epoch-exchange"))
            .WithActors((system, _) => system.ActorOf(Props.Create(() => new AnnouncementExchange(announcements)), "announcement-exchange"))
            .WithActors((system, _) => JoinCluster(system, options, identity, new(presence, doubt, progress, refusal))));
        builder.Services.AddSingleton(options.Failover);
        builder.Services.AddSingleton<IFailoverRegions>(services => new ShardedRegions(services.GetRequiredService<ActorSystem>()));
        builder.Services.AddSingleton(services => ReadinessCheck.Of(
            "journal", cancellation => JournalFailureAsync(services.GetRequiredService<ActorSystem>(), cancellation)));
        builder.Services.AddSingleton(ReadinessCheck.Owners(owners, options.Failover.Partitions));
        builder.Services.AddSingleton<QueueDefinitionsCheck>();
        builder.Services.AddSingleton(services => services.GetRequiredService<QueueDefinitionsCheck>().Readiness);
        builder.Services.AddHostedService(services => services.GetRequiredService<QueueDefinitionsCheck>());
        builder.Services.AddSingleton(room);
        builder.Services.AddSingleton(doubt);
        builder.Services.AddSingleton(owners);
        builder.Services.AddSingleton<IServingPermit>(presence);
        builder.Services.AddSingleton(new ShownSettings(options.InForce));
        builder.Services.AddFailoverHttp(options.Api, store);

        var app = builder.Build();
        LogTlsStatus(app.Logger, options, tls);
        app.MapFailoverApi();
        WatchWallClock(app);
        return app;
    }

    private static AkkaConfigurationBuilder WithClusterTls(this AkkaConfigurationBuilder akka, ClusterTls? tls) =>
        tls is null ? akka : akka.AddSetup(tls.Setup);

    private static void LogTlsStatus(ILogger log, NodeOptions options, ClusterTls? tls)
    {
        if (tls is not null)
        {
            log.RequiresNodeCertificates(tls.Certificate.Own.NotAfter.ToUniversalTime());
        }
        else if (!options.IsClusterOnLoopback)
        {
            log.HasNoTlsBetweenNodes(options.BindHost, NodeSetting.TlsCertificate.Key);
        }
    }

    /// <summary>
    /// Logs steps of the wall clock. They do no harm, but they affect the times that people read and compare between nodes.
    /// </summary>
    private static void WatchWallClock(WebApplication app)
    {
        var watch = new ClockWatch(SteadyClock.OfProcess, step => app.Logger.WallClockStepped(
            step.By > TimeSpan.Zero ? "forward" : "back", step.By.Duration().TotalSeconds));
        app.Lifetime.ApplicationStopped.Register(watch.Dispose);
    }

    private static async Task StartAsync(WebApplication app, NodeOptions options)
    {
        try
        {
            // Created here because the host would log a failure with a stack trace and continue without the actor system.
            _ = app.Services.GetRequiredService<ActorSystem>();
        }
#pragma warning disable CA1031 // Akka.NET throws exceptions of many types for invalid settings; the operator gets one line for each.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw new ConfigurationRefusedException(
                "The node cannot start with this Akka.NET configuration (akka in --config): "
                + e.GetBaseException().Message.ReplaceLineEndings(" "),
                e);
        }

        await WebServer.StartAsync(app, options);
    }

    /// <summary>Announces the address of the HTTP API, which clients can call from now on.</summary>
    private static void Announce(WebApplication app, NodeOptions options)
    {
        if (AdvertisedAddress.Of(options.Advertise, app.Urls, options.Host) is { } address)
        {
            app.Services.GetRequiredService<NodeAnnouncements>().Announce(address);
            app.Logger.AnnouncesAddress(address);
        }
    }

    /// <summary>Waits until the node is asked to stop or must stop.</summary>
    private static async Task<int> UntilStoppedAsync(WebApplication app, Refusal refusal, TextWriter error)
    {
        var stopped = app.WaitForShutdownAsync();
        if (await Task.WhenAny(stopped, refusal.Happened) == stopped)
        {
            return app.Services.GetRequiredService<QueueDefinitionsCheck>().Refusal is { } refused ? throw refused
                : WasDowned(app) ? TakenOver
                : 0;
        }

        app.Lifetime.StopApplication();
        await stopped;
        var reason = await refusal.Happened;
        await error.WriteLineAsync(reason.Line);
        return reason.MayStartAgain ? TakenOver : RefusedConfiguration;
    }

    private static bool WasDowned(WebApplication app) =>
        CoordinatedShutdown.Get(app.Services.GetRequiredService<ActorSystem>()).ShutdownReason
            is CoordinatedShutdown.ClusterDowningReason;

    /// <summary>A node with the embedded Redis is a cluster of its own. All others find each other through Redis.</summary>
    private static void JoinCluster(ActorSystem system, NodeOptions options, ClusterIdentity identity, JoinParts parts)
    {
        system.ActorOf(Props.Create(() => new Membership(identity, parts.Refusal)), "membership");
        if (options.Redis is not { } redis)
        {
            var cluster = Akka.Cluster.Cluster.Get(system);
            cluster.Join(cluster.SelfAddress);
            return;
        }

        var table = new PresenceTable(new PresenceTableSettings
        {
            ConnectionString = redis,
            Authority = options.RedisAuthority,
            Timeout = options.PresenceTimeout,
            IdentityKey = FoundStore.JournalIdKey,
            IdentityValue = identity.JournalId,
        });
        KeepPresence(system, options, table, parts);
        _ = FormWhenWarmAsync(system, options, table, parts);
    }

    private static async Task FormWhenWarmAsync(ActorSystem system, NodeOptions options, PresenceTable table, JoinParts parts)
    {
        try
        {
            await WarmUp.RunAsync(system, WarmUpLimit);
            var formation = new FormationParts
            {
                Table = table,
                PresenceTimeout = options.PresenceTimeout,
                TakeOverAfter = options.PresenceTakeOverAfter,
                OwnerRole = options.OwnerRole,
                Seeds = options.Seeds,
                Progress = parts.Progress,
                Refusal = parts.Refusal,
                Resolve = Dns.GetHostAddressesAsync,
                Log = NodeLog.Create(options, "Cluster"),
            };
            system.ActorOf(Props.Create(() => new ClusterFormation(formation)), "cluster-formation");
        }
#pragma warning disable CA1031 // Nobody awaits this task. A node that could not join must stop and say why.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            // A node that is stopped while it warms up has no actor system left to join with. That is no failure.
            if (CoordinatedShutdown.Get(system).ShutdownReason is null)
            {
                parts.Refusal.Stop($"The node cannot join the cluster: {failure.Message}");
            }
        }
    }

    private static void KeepPresence(ActorSystem system, NodeOptions options, PresenceTable table, JoinParts parts)
    {
        var (presence, doubt, refusal) = (parts.Presence, parts.Doubt, parts.Refusal);
        var takeOverAfter = options.PresenceTakeOverAfter;
        var log = NodeLog.Create(options, "Presence");
        var keeper = system.ActorOf(
            Props.Create(() => new PresenceKeeper(table, presence, doubt, takeOverAfter, TimeProvider.System, log, refusal)),
            "presence-keeper");
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseClusterShutdown, "end-presence", () => EndPresenceAsync(keeper, options.PresenceTimeout));
    }

    private static async Task<Akka.Done> EndPresenceAsync(IActorRef keeper, TimeSpan timeout)
    {
        try
        {
            return await keeper.Ask<Akka.Done>(PresenceKeeper.Retire.Instance, timeout);
        }
        catch (AskTimeoutException)
        {
            // It expires.
            return Akka.Done.Instance;
        }
    }

    /// <summary>What a node needs to become a member.</summary>
    private sealed record JoinParts(NodePresence Presence, ClusterDoubt Doubt, JoinProgress Progress, Refusal Refusal);

    /// <summary>What is opened before the actor system and the web server are built.</summary>
    private sealed record NodeParts(
        StoreAddress Store,
        ClusterIdentity Identity,
        Refusal Refusal,
        EpochRecord Epochs,
        StoreRoom Room,
        ClusterTls? Tls,
        HttpCertificate? Certificate)
    {
        /// <summary>The share of the store's memory in use; null if it is unlimited or unknown.</summary>
        public required Func<double?> StoreUse { get; init; }

        /// <summary>The receivers of alerts.</summary>
        public required IWebhooks Webhooks { get; init; }
    }

    private static async Task<string?> JournalFailureAsync(ActorSystem system, CancellationToken cancellation)
    {
        var persistence = Akka.Persistence.Persistence.Instance.Apply(system);
        var result = await persistence.CheckJournalHealthAsync("akka.persistence.journal.redis", cancellation);
        return result.Status == Akka.Persistence.PersistenceHealthStatus.Healthy ? null : result.Description ?? "the journal is unhealthy";
    }
}
