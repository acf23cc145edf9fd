using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

public sealed class EmbeddedRedisSpecs : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"morag-embedded-{Guid.NewGuid():n}");
    private readonly ConcurrentQueue<string> log = [];

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Should_keep_data_and_leave_no_server_when_stopped()
    {
        string socket;
        await using (var redis = await StartAsync())
        {
            socket = redis.SocketPath;
            await using var connection = await ConnectAsync(redis.ConnectionString);
            await connection.GetDatabase().StringSetAsync("kept", "yes");
        }

        await AssertNothingListensAsync(socket);
        await using var again = await StartAsync();
        await using var reader = await ConnectAsync(again.ConnectionString);
        Assert.Equal("yes", await reader.GetDatabase().StringGetAsync("kept"));
        Assert.Empty(log);
    }

    [Fact]
    public async Task Should_leave_no_server_and_lose_no_acknowledged_write_when_parent_is_killed()
    {
        await using var host = await HostProcess.StartAsync(folder);
        AcknowledgedWrites writes;
        await using (var connection = await ConnectAsync(host.ConnectionString))
        {
            writes = new AcknowledgedWrites(connection.GetDatabase());
            var running = writes.RunAsync();
            await Wait.UntilAsync(() => writes.Count > 500, "500 acknowledged writes");
            await host.KillAsync();
            await running;
        }

        await using var redis = await StartAsync();
        await using var reader = await ConnectAsync(redis.ConnectionString);
        await writes.ShouldAllBeInAsync(reader.GetDatabase());

        // It did not have to end a left-over server: that one had ended itself.
        Assert.Empty(log);
    }

    [Fact]
    public async Task Should_start_server_again_on_its_socket_with_all_acknowledged_writes_when_server_is_killed()
    {
        await using var redis = await StartAsync();
        await using var connection = await ConnectAsync(redis.ConnectionString);
        var writes = new AcknowledgedWrites(connection.GetDatabase());
        var running = writes.RunAsync();
        await Wait.UntilAsync(() => writes.Count > 500, "500 acknowledged writes");

        Kill(redis.ServerProcessId);
        await Wait.UntilAsync(() => log.Any(line => line.Contains("runs again")), "the server is started again");
        writes.Stop();
        await running;

        await using var reader = await ConnectAsync(redis.ConnectionString);
        await writes.ShouldAllBeInAsync(reader.GetDatabase());
        var end = OperatingSystem.IsWindows() ? "(exit code" : "(signal 9) and is started again";
        Assert.Contains(log, line => line.Contains("ended unexpectedly") && line.Contains(end) && !line.EndsWith(' ') && !line.EndsWith(':'));
    }

    [UnixFact]
    public async Task Should_start_server_again_with_all_acknowledged_writes_when_it_does_not_answer_any_more()
    {
        await using var redis = await EmbeddedRedis.StartAsync(
            new EmbeddedRedisOptions { DataFolder = folder, Log = log.Enqueue, AskInterval = TimeSpan.FromSeconds(1) });
        var frozen = redis.ServerProcessId;
        await using var connection = await ConnectAsync(redis.ConnectionString);
        var writes = new AcknowledgedWrites(connection.GetDatabase());
        var running = writes.RunAsync();
        await Wait.UntilAsync(() => writes.Count > 500, "500 acknowledged writes");

        await SignalAsync("STOP", frozen);
        await Wait.UntilAsync(() => log.Any(line => line.Contains("runs again")), "the server is started again");
        writes.Stop();
        await running;

        Assert.Contains(log, line => line.Contains("stopped responding"));
        Assert.NotEqual(frozen, redis.ServerProcessId);
        await using var reader = await ConnectAsync(redis.ConnectionString);
        await writes.ShouldAllBeInAsync(reader.GetDatabase());
    }

    [Fact]
    public async Task Should_lose_no_acknowledged_transaction_when_server_is_killed_within_transactions_again_and_again()
    {
        const int Connections = 8;
        await using var redis = await StartAsync();
        var acknowledged = new int[Connections];
        for (var round = 1; round <= 4; round++)
        {
            var enough = acknowledged.Sum() + 200;
            using var over = new CancellationTokenSource();
            var writing = Enumerable.Range(0, Connections).Select(async writer =>
            {
                await using var connection = await ConnectAsync(redis.ConnectionString);
                await TransactionsAsync(connection.GetDatabase(), writer, acknowledged, over.Token);
            }).ToList();
            await Wait.UntilAsync(() => acknowledged.Sum() > enough, "200 acknowledged transactions");
            await KillAndRestartAsync(redis);
            await over.CancelAsync();
            await Task.WhenAll(writing);

            await using var reader = await ConnectAsync(redis.ConnectionString);
            for (var writer = 0; writer < Connections; writer++)
            {
                var parts = await reader.GetDatabase().StringGetAsync([.. PartsOf(writer)]);
                var kept = (int)Assert.Single(parts.Distinct());
                Assert.InRange(kept, acknowledged[writer], acknowledged[writer] + 1);
                acknowledged[writer] = kept;
            }
        }
    }

    [Fact]
    public async Task Should_start_server_again_with_an_empty_log_and_all_acknowledged_writes_when_its_log_has_grown()
    {
        const int LogLimit = 1_000_000;
        await using var redis = await StartAsync(LogLimit);
        for (var round = 1; round <= 2; round++)
        {
            log.Clear();
            await using var connection = await ConnectAsync(redis.ConnectionString);
            var writes = new AcknowledgedWrites(connection.GetDatabase(), round);
            var running = writes.RunAsync();
            await Wait.UntilAsync(() => log.Any(line => line.Contains("runs again")), "the server is started again");
            writes.Stop();
            await running;

            await using var reader = await ConnectAsync($"{redis.ConnectionString},allowAdmin=true");
            await writes.ShouldAllBeInAsync(reader.GetDatabase());
            Assert.InRange(await LogBytesAsync(reader), 0, LogLimit);
            Assert.DoesNotContain(log, line => line.Contains("unexpectedly"));
        }
    }

    /// <summary>With less, Garnet drops the oldest data, acknowledged or not, as soon as it has more.</summary>
    [Fact]
    public async Task Should_never_drop_data_for_want_of_memory_on_any_machine()
    {
        await using var redis = await StartAsync();
        await using var connection = await ConnectAsync($"{redis.ConnectionString},allowAdmin=true");

        var memory = (await connection.GetServers()[0].InfoAsync("memory")).SelectMany(section => section)
            .ToDictionary(line => line.Key, line => line.Value);

        Assert.Equal(1L << 40, long.Parse(memory["store_heap_memory_target_size"], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Should_be_full_at_its_limit_and_keep_what_is_written_beyond_it()
    {
        const int Entries = 2_400;
        var value = new byte[100_000];
        await using var redis = await EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = folder, Memory = EmbeddedRedisOptions.LeastMemory, Log = log.Enqueue });
        await using var connection = await ConnectAsync(redis.ConnectionString);
        var database = connection.GetDatabase();
        Assert.False(redis.IsFull);

        for (var entry = 0; entry < Entries; entry++)
        {
            BitConverter.TryWriteBytes(value, entry);
            await database.SortedSetAddAsync("z", value, entry);
        }

        await Wait.UntilAsync(() => redis.IsFull, "the server is full");
        Assert.Equal(Entries, await database.SortedSetLengthAsync("z"));
        Assert.Contains(log, line => line.Contains("is full: its data takes"));
        await KillAndRestartAsync(redis);
        await using var reader = await ConnectAsync(redis.ConnectionString);
        Assert.Equal(Entries, await reader.GetDatabase().SortedSetLengthAsync("z"));

        await reader.GetDatabase().KeyDeleteAsync("z");
        await Wait.UntilAsync(() => !redis.IsFull, "the server has room again");
    }

    [Fact]
    public async Task Should_refuse_with_one_line_when_folder_is_in_use()
    {
        await using var redis = await StartAsync();

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(StartAsync);

        Assert.Contains("in use by another running process", refusal.Message);
        Assert.Contains(folder, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task Should_refuse_with_one_line_when_folder_is_in_use_by_another_process()
    {
        await using var host = await HostProcess.StartAsync(folder);

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(StartAsync);
        Assert.Contains("in use by another running process", refusal.Message);

        await host.StopAsync();
        await using var redis = await StartAsync();
    }

    [UnixFact]
    public async Task Should_end_left_over_server_when_it_does_not_end_itself()
    {
        await using var host = await HostProcess.StartAsync(folder);
        await using (var connection = await ConnectAsync(host.ConnectionString))
        {
            await connection.GetDatabase().StringSetAsync("kept", "yes");
        }

        var server = HostProcess.ServerProcessId(folder);
        await SignalAsync("STOP", server);
        // A busy machine takes its time: until one thread has seen the signal, the others run on, and would see their parent's end.
        await Wait.UntilAsync(() => Ps("stat=", server).StartsWith('T'), "the server is stopped");
        await host.KillAsync();

        await using var redis = await StartAsync();
        await using var reader = await ConnectAsync(redis.ConnectionString);
        Assert.Equal("yes", await reader.GetDatabase().StringGetAsync("kept"));
        Assert.Contains(log, line => line.Contains("an earlier process left"));
    }

    [UnixFact]
    public async Task Should_keep_serving_when_terminal_or_service_manager_signals_the_whole_group()
    {
        await using var redis = await StartAsync();
        var server = redis.ServerProcessId;

        await SignalAsync("TERM", server);

        await using var connection = await ConnectAsync(redis.ConnectionString);
        await connection.GetDatabase().PingAsync();
        Assert.Equal(server, redis.ServerProcessId);
        Assert.NotEqual(ProcessGroup(Environment.ProcessId), ProcessGroup(server));
    }

    [Fact]
    public async Task Should_refuse_clients_that_do_not_know_the_password()
    {
        await using var redis = await StartAsync();
        using var client = UnixSocket();
        await client.ConnectAsync(new UnixDomainSocketEndPoint(redis.SocketPath));
        await using var stream = new NetworkStream(client);

        await stream.WriteAsync("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"u8.ToArray());

        using var answer = new StreamReader(stream);
        Assert.StartsWith("-NOAUTH", await answer.ReadLineAsync());
        var secret = ConfigurationOptions.Parse(redis.ConnectionString).Password!;
        Assert.All(Directory.GetFiles(folder), file => Assert.NotEqual("server.users", Path.GetFileName(file)));
        Assert.DoesNotContain(secret, CommandLine(redis.ServerProcessId));
    }

    [Fact]
    public async Task Should_run_scripts()
    {
        await using var redis = await StartAsync();
        await using var connection = await ConnectAsync(redis.ConnectionString);

        var result = await connection.GetDatabase().ScriptEvaluateAsync(
            "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", ["k"], ["v"]);

        Assert.Equal("v", (string?)result);
    }

    [Fact]
    public async Task Should_say_what_to_do_when_folder_cannot_be_made()
    {
        await File.WriteAllTextAsync(folder + ".file", "");
        try
        {
            var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(
                () => EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = Path.Combine(folder + ".file", "data") }));
            Assert.Contains("cannot be used", refusal.Message);
        }
        finally
        {
            File.Delete(folder + ".file");
        }
    }

    [Fact]
    public void Should_say_what_to_do_when_package_is_missing()
    {
        var refusal = Assert.Throws<EmbeddedRedisException>(() => GarnetPackage.FindServer([folder]));

        Assert.Contains("dotnet restore", refusal.Message);
        Assert.Contains(folder, refusal.Message);
    }

    private async Task KillAndRestartAsync(EmbeddedRedis redis)
    {
        log.Clear();
        Kill(redis.ServerProcessId);
        await Wait.UntilAsync(() => log.Any(line => line.Contains("runs again")), "the server is started again");
    }

    /// <summary>Writes all parts with the next number, in one transaction after the other, until one fails or the end is told.</summary>
    private static async Task TransactionsAsync(IDatabase database, int writer, int[] acknowledged, CancellationToken over)
    {
        try
        {
            while (!over.IsCancellationRequested)
            {
                var transaction = database.CreateTransaction();
                _ = PartsOf(writer).Select(part => transaction.StringSetAsync(part, acknowledged[writer] + 1)).ToList();
                await transaction.ExecuteAsync();
                acknowledged[writer]++;
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Not acknowledged: it may be there or not.
        }
    }

    private static IEnumerable<RedisKey> PartsOf(int writer) => Enumerable.Range(0, 50).Select(part => (RedisKey)$"{writer}-{part}");

    private static async Task<long> LogBytesAsync(ConnectionMultiplexer connection)
    {
        var info = (await connection.GetServers()[0].InfoAsync("persistence")).SelectMany(section => section)
            .ToDictionary(line => line.Key, line => line.Value);
        return Address("TailAddress") - Address("BeginAddress");

        long Address(string name) => long.Parse(info[name], CultureInfo.InvariantCulture);
    }
    private Task<EmbeddedRedis> StartAsync() => StartAsync(logLimit: 100_000_000);

    private Task<EmbeddedRedis> StartAsync(long logLimit) =>
        EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = folder, LogLimit = logLimit, Log = log.Enqueue });

    private static Task<ConnectionMultiplexer> ConnectAsync(string connectionString) =>
        ConnectionMultiplexer.ConnectAsync(connectionString);

    private static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }

    private static async Task SignalAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", [$"-{signal}", processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private static string ProcessGroup(int processId) => Ps("pgid=", processId);

    private static string CommandLine(int processId) => OperatingSystem.IsWindows() ? "" : Ps("args=", processId);

    private static string Ps(string column, int processId)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", column, "-p", processId.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        })!;
        return ps.StandardOutput.ReadToEnd().Trim();
    }

    private static Socket UnixSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static async Task AssertNothingListensAsync(string socket)
    {
        using var client = UnixSocket();
        await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync(new UnixDomainSocketEndPoint(socket)));
    }
}

/// <summary>A fact about Unix signals.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "NOT TESTED: this system has no Unix signals" : null;
}
