using Akka.Actor;
using Akka.Hosting;
using Morag.EmbeddedRedis;
using Morag.Failover.Actors;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Health;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Hosting;
using StackExchange.Redis;

namespace Morag.Failover.Node;

/// <summary>
/// The life of a node. It starts from the inside out: Redis, the check that the data is this cluster's, the actor system, HTTP; and
/// stops in the opposite order, so that nothing is accepted that can no longer be stored.
/// </summary>
internal static class NodeProgram
{
    private const int RefusedConfiguration = 2;

    /// <summary>Longer than all phases of coordinated shutdown together (hocon/akka.conf).</summary>
    private static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(85);

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
            await StartChecks.RunAsync(options);
            await using var embedded = options.Redis is null ? await StartEmbeddedRedisAsync(options) : null;
            var store = embedded is null ? StoreAddress.Of(options.Redis!, options) : StoreAddress.Of(embedded, options);
            var log = ConsoleLog("Store");
            var record = JournalRecord.Open(store.RecordFile);
            var identity = await ClusterIdentity.ClaimAsync(store, options.Failover.Partitions, record, TimeProvider.System, log);
            var refusal = new Refusal();
            await using var watch = new StoreWatch(store, record, refusal, TimeProvider.System, log);
            await using var app = Build(options, store.ConnectionString, identity, refusal, new EpochRecord(record, TimeProvider.System, log), EmbeddedLimits.RoomOf(embedded));
            await StartAsync(app, options);
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
        var log = ConsoleLog("EmbeddedRedis");
        log.LogInformation("{Limits}", EmbeddedLimits.Describe(options));
        return Morag.EmbeddedRedis.EmbeddedRedis.StartAsync(new EmbeddedRedisOptions
        {
            DataFolder = options.EmbeddedRedisFolder,
            Memory = options.EmbeddedMemory,
            AcceptDataLoss = options.AcceptedDataLoss,
            AcceptDataLossOption = NodeSetting.AcceptDataLoss.Option,
            Log = line => log.LogInformation("{Line}", line),
        });
    }

    private static ILogger ConsoleLog(string category) =>
        LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true)).CreateLogger(category);

    private static WebApplication Build(NodeOptions options, string redis, ClusterIdentity identity, Refusal refusal, EpochRecord epochs, StoreRoom room)
    {
        var builder = WebServer.Builder(options);
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // What keeps the host from starting is thrown too, and told once, by whoever catches it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = LongestShutdown);

        var outages = new FreezeWatch(SteadyClock.OfProcess, options.Failover.Workers.FreezeTolerance);
        builder.Services.AddSingleton<IOutageWatch>(outages);
        var owners = new OwnerHealth();
        builder.Services.AddAkka(NodeOptions.ActorSystemName, akka => akka
            .AddHocon(identity.Settings(options).WithFallback(options.ActorSystemConfig(redis)).WithFallback(FailoverSerialization.Config), HoconAddMode.Prepend)
            .WithRedisPersistence(redis, database: ConfigurationOptions.Parse(redis).DefaultDatabase ?? 0)
            .WithFailover(options.Failover, outages, epochs, system => new RedisHistoryEraser(system), owners)
            .WithActors((system, _) => system.ActorOf(Props.Create(() => new EpochExchange(epochs)), "epoch-exchange"))
            .WithActors((system, _) => JoinCluster(system, options, identity, refusal)));
        builder.Services.AddSingleton(options.Failover);
        builder.Services.AddSingleton<IFailoverRegions>(services => new ShardedRegions(services.GetRequiredService<ActorSystem>()));
        builder.Services.AddSingleton(services => ReadinessCheck.Of("journal", cancellation => JournalTroubleAsync(services.GetRequiredService<ActorSystem>(), cancellation)));
        builder.Services.AddSingleton(ReadinessCheck.Owners(owners));
        builder.Services.AddSingleton<QueueDefinitionsCheck>();
        builder.Services.AddSingleton(services => services.GetRequiredService<QueueDefinitionsCheck>().Readiness);
        builder.Services.AddHostedService(services => services.GetRequiredService<QueueDefinitionsCheck>());
        builder.Services.AddSingleton(room);
        builder.Services.AddFailoverHttp(options.Api);

        var app = builder.Build();
        app.MapFailoverApi();
        WatchWallClock(app);
        return app;
    }

    /// <summary>Nothing here is harmed by a step; but whoever reads times, or compares them between nodes, has to know of it.</summary>
    private static void WatchWallClock(WebApplication app)
    {
        var watch = new ClockWatch(SteadyClock.OfProcess, step => app.Logger.LogWarning(
            "The wall clock of this node stepped {Direction} by {Seconds:0.0} s. Deadlines, retries and timeouts keep their length; "
            + "the times that this node shows follow the wall clock by 1 % of the time that passes. Check the machine's time synchronization",
            step.By > TimeSpan.Zero ? "forward" : "back",
            step.By.Duration().TotalSeconds));
        app.Lifetime.ApplicationStopped.Register(watch.Dispose);
    }

    private static async Task StartAsync(WebApplication app, NodeOptions options)
    {
        try
        {
            // Made here, and not by the host: that would log what goes wrong with a stack trace, and go on without it.
            _ = app.Services.GetRequiredService<ActorSystem>();
        }
#pragma warning disable CA1031 // Akka.NET throws exceptions of many types over its settings; each is one line for the operator.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw new ConfigurationRefusedException($"the node cannot start with this configuration of Akka.NET (akka in --config): {e.GetBaseException().Message.ReplaceLineEndings(" ")}", e);
        }

        await WebServer.StartAsync(app, options);
    }

    /// <summary>Until the node is asked to stop, or must not go on.</summary>
    private static async Task<int> UntilStoppedAsync(WebApplication app, Refusal refusal, TextWriter error)
    {
        var stopped = app.WaitForShutdownAsync();
        if (await Task.WhenAny(stopped, refusal.Happened) == stopped)
        {
            return app.Services.GetRequiredService<QueueDefinitionsCheck>().Refusal is { } refused ? throw refused : 0;
        }

        app.Lifetime.StopApplication();
        await stopped;
        await error.WriteLineAsync(await refusal.Happened);
        return RefusedConfiguration;
    }

    private static void JoinCluster(ActorSystem system, NodeOptions options, ClusterIdentity identity, Refusal refusal)
    {
        system.ActorOf(Props.Create(() => new Membership(identity, refusal)), "membership");
        if (options.Seeds.Count == 0)
        {
            var cluster = Akka.Cluster.Cluster.Get(system);
            cluster.Join(cluster.SelfAddress);
        }
    }

    private static async Task<string?> JournalTroubleAsync(ActorSystem system, CancellationToken cancellation)
    {
        var result = await Akka.Persistence.Persistence.Instance.Apply(system).CheckJournalHealthAsync("akka.persistence.journal.redis", cancellation);
        return result.Status == Akka.Persistence.PersistenceHealthStatus.Healthy ? null : result.Description ?? "the journal is not well";
    }
}
