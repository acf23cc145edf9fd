using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;
using Xunit;

namespace Morag.Redis.TestServers;

/// <summary>
/// A real Redis-compatible server process of a test. The test can kill, pause and restart it on its data. It can be a class fixture, so
/// one abstract test class runs on each kind of server.
/// </summary>
public abstract class RedisTestServer : IAsyncLifetime
{
    /// <summary>Address in the format of StackExchange.Redis. It stays the same after a restart.</summary>
    public abstract string Address { get; }

    /// <summary>Connection string for StackExchange.Redis, with the password if the server has one.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>Temporary folder of the server's data. It is deleted when the server is disposed.</summary>
    public string DataFolder { get; } = Path.Combine(Path.GetTempPath(), $"morag-redis-{Guid.NewGuid():n}");

    /// <summary>Process id of the server. It changes with each restart.</summary>
    public abstract int ProcessId { get; }

    /// <summary>Reserves an unused port on 127.0.0.1 for this process.</summary>
    public static int FreePort() => TestPorts.OfThisProcess.Next();

    /// <summary>Starts the server, and returns once it accepts clients.</summary>
    public abstract Task InitializeAsync();

    /// <summary>Kills the server with SIGKILL, and returns once it is gone. Its data stays.</summary>
    public abstract Task KillAsync();

    /// <summary>Restarts the server on its data and address. Kills it first if it is running.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await InitializeAsync();
    }

    /// <summary>Freezes the process (SIGSTOP): its connections stay open, but it does not reply.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>Resumes a frozen process (SIGCONT).</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>Opens a connection that allows administration commands. The caller disposes it.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var options = OptionsOfThisProcess();
        options.AllowAdmin = true;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>Deletes all keys. After a kill, the embedded Redis has the keys of its last checkpoint again.</summary>
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

    /// <summary>How this process, which may be on another network, connects to it.</summary>
    private protected virtual ConfigurationOptions OptionsOfThisProcess() => ConfigurationOptions.Parse(ConnectionString);

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill -{signal} {ProcessId} exited with {kill.ExitCode}");
        }
    }
}
