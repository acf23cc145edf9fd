using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;
using Xunit;

namespace Morag.Redis.TestServers;

/// <summary>
/// A real Redis-compatible server process that a test owns: it can be killed, paused and started again on its data.
/// Usable as a class fixture, so that one abstract test class runs on each kind of server.
/// </summary>
public abstract class RedisTestServer : IAsyncLifetime
{
    /// <summary>Where it listens, as StackExchange.Redis writes it; the same after a restart.</summary>
    public abstract string Address { get; }

    /// <summary>For StackExchange.Redis, with the password if the server has one.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>A temporary folder that holds the server's data until the server is disposed.</summary>
    public string DataFolder { get; } = Path.Combine(Path.GetTempPath(), $"morag-redis-{Guid.NewGuid():n}");

    /// <summary>Process id of the server; it changes with each restart.</summary>
    public abstract int ProcessId { get; }

    /// <summary>A port on 127.0.0.1 that nobody uses now, and that nobody else is given while this process runs.</summary>
    public static int FreePort() => TestPorts.OfThisProcess.Next();

    /// <summary>Starts the server, and returns once it serves.</summary>
    public abstract Task InitializeAsync();

    /// <summary>Ends the server as kill -9 does, and returns once it is gone. Its data stays.</summary>
    public abstract Task KillAsync();

    /// <summary>Starts the server on its data and address again (after <see cref="KillAsync"/> if it still runs).</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await InitializeAsync();
    }

    /// <summary>Freezes the process (SIGSTOP): connections stay open, nothing answers.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>Lets a frozen process go on (SIGCONT).</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>Opens a connection of the test's own, with administration commands allowed.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var options = ConfigurationOptions.Parse(ConnectionString);
        options.AllowAdmin = true;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>Removes all keys. The embedded Redis has those of its last checkpoint again after a kill.</summary>
    public async Task FlushAsync()
    {
        await using var connection = await ConnectAsync();
        await connection.GetServers()[0].FlushAllDatabasesAsync();
    }

    public virtual async Task DisposeAsync()
    {
        await KillAsync();
        if (Directory.Exists(DataFolder))
        {
            Directory.Delete(DataFolder, recursive: true);
        }
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill -{signal} {ProcessId} ended with {kill.ExitCode}");
        }
    }
}
