using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Morag.Benchmarks.Reporting;
using Morag.Redis.TestServers;

namespace Morag.Persistence.Redis.Benchmarks.Running;

/// <summary>A new redis-server with an append-only file (everysec), and an actor system that keeps its events and snapshots there.</summary>
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
            // A rewrite of the file takes a core for as long as it lasts, and would fall on either ours or the raw figures.
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

    /// <summary>Starts persistent actors, whose ids follow from the name.</summary>
    public IActorRef[] StartWriters(string name, int count)
        // Not from an expression: compiling its argument would cost more than the recovery of a short history.
        => [.. Enumerable.Range(0, count).Select(number => Actors.ActorOf(Props.Create<Writer>($"{name}-{number}")))];

    /// <summary>Runs this, and says how long it took and how many cores the actor system and Redis kept busy meanwhile.</summary>
    /// <returns>How many of what it does were done per second.</returns>
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

    /// <summary>Lets all of these write at the same time.</summary>
    public static Task WriteAsync(IActorRef[] writers, WriteOrder order)
        => Task.WhenAll(writers.Select(writer => writer.Ask<WriteOrder>(order)));

    /// <summary>Returns once all of these have recovered.</summary>
    /// <exception cref="InvalidOperationException">One has another number of events.</exception>
    public static async Task ExpectRecoveredAsync(IActorRef[] writers, long events)
    {
        var counts = await Task.WhenAll(writers.Select(writer => writer.Ask<long>(CountEvents.Instance)));
        if (counts.Any(count => count != events))
        {
            throw new InvalidOperationException($"Not every actor has recovered {events} events: {string.Join(", ", counts.Distinct())}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Actors.Terminate();
        await Redis.DisposeAsync();
    }
}
