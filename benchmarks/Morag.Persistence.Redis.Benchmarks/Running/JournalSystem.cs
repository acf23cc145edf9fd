using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Morag.Benchmarks.Reporting;
using Morag.Redis.TestServers;

namespace Morag.Persistence.Redis.Benchmarks.Running;

/// <summary>A new redis-server with an append-only file (everysec), and an actor system that stores events and snapshots there.</summary>
internal sealed class JournalSystem : IAsyncDisposable
{
    private JournalSystem(RedisServer redis, ActorSystem actors)
    {
        Redis = redis;
        Actors = actors;
    }

    public RedisServer Redis { get; }

    public ActorSystem Actors { get; }

    public static async Task<JournalSystem> StartAsync()
    {
        var redis = new RedisServer
        {
            AppendFsync = AppendFsync.EverySecond,
            // A rewrite of the file keeps a core busy and would distort either the figures of the journal or the raw ones.
            Settings = ["--auto-aof-rewrite-percentage", "0"],
        };
        await redis.InitializeAsync();
        var config = ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = WARNING
              persistence {
                journal {
                  plugin = {{RedisPersistence.JournalPluginId}}
                  redis.configuration-string = "{{redis.ConnectionString}}"
                }
                snapshot-store {
                  plugin = {{RedisPersistence.SnapshotStorePluginId}}
                  redis.configuration-string = "{{redis.ConnectionString}}"
                }
              }
              actor {
                serializers.blob = "{{typeof(BlobSerializer).AssemblyQualifiedName}}"
                serialization-bindings."{{typeof(Blob).AssemblyQualifiedName}}" = blob
              }
            }
            """);
        return new JournalSystem(redis, ActorSystem.Create("benchmark", config.WithFallback(RedisPersistence.DefaultConfig())));
    }

    /// <summary>Starts persistent actors with the ids <c>name-0</c>, <c>name-1</c> and so on.</summary>
    public IActorRef[] StartWriters(string name, int count)
        // Props from an expression would compile its argument, which costs more than recovering a short history.
        => [.. Enumerable.Range(0, count).Select(number => Actors.ActorOf(Props.Create<BenchmarkActor>($"{name}-{number}")))];

    /// <summary>Runs the work and records how many cores the actor system and Redis kept busy.</summary>
    /// <returns>The rate per second of the <paramref name="count"/> items.</returns>
    public async Task<double> RateAsync(Measurement measurement, string prefix, int count, Func<Task> run)
    {
        using var client = Process.GetCurrentProcess();
        using var redis = Process.GetProcessById(Redis.ProcessId);
        var (clientBefore, redisBefore) = (client.TotalProcessorTime, redis.TotalProcessorTime);
        var watch = Stopwatch.StartNew();
        await run();
        var elapsed = watch.Elapsed;
        client.Refresh();
        redis.Refresh();
        measurement.Add($"{prefix}_client_cores", (client.TotalProcessorTime - clientBefore) / elapsed);
        measurement.Add($"{prefix}_redis_cores", (redis.TotalProcessorTime - redisBefore) / elapsed);
        return count / elapsed.TotalSeconds;
    }

    /// <summary>Makes all writers write at the same time.</summary>
    public static Task WriteAsync(IActorRef[] writers, WriteOrder order)
        => Task.WhenAll(writers.Select(writer => writer.Ask<WriteOrder>(order)));

    /// <summary>Returns once all writers have recovered.</summary>
    /// <exception cref="InvalidOperationException">A writer recovered a different number of events.</exception>
    public static async Task ExpectRecoveredAsync(IActorRef[] writers, long events)
    {
        var counts = await Task.WhenAll(writers.Select(writer => writer.Ask<long>(CountEvents.Instance)));
        if (counts.Any(count => count != events))
        {
            throw new InvalidOperationException($"Expected {events} events in every actor, found: {string.Join(", ", counts.Distinct())}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Actors.Terminate();
        await Redis.DisposeAsync();
    }
}
