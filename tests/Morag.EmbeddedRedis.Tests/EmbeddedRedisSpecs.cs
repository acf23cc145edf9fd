using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

public sealed class EmbeddedRedisSpecs : IDisposable
{
    private readonly TestInstance instance = new();

    public void Dispose() => instance.Dispose();

    [Fact]
    public async Task Should_keep_the_data_and_leave_no_server_running_when_stopped()
    {
        string socket;
        await using (var redis = await instance.StartAsync())
        {
            socket = redis.SocketPath;
            await using var connection = await ConnectAsync(redis.ConnectionString);
            await connection.GetDatabase().StringSetAsync("kept", "yes");
        }

        await AssertNothingListensAsync(socket);
        await using var again = await instance.StartAsync();
        await using var reader = await ConnectAsync(again.ConnectionString);
        Assert.Equal("yes", await reader.GetDatabase().StringGetAsync("kept"));
        Assert.Empty(instance.Log);
    }

    [Fact]
    public async Task Should_leave_no_server_running_and_lose_no_acknowledged_write_when_the_parent_is_killed()
    {
        await using var host = await HostProcess.StartAsync(instance.Folder);
        AcknowledgedWrites writes;
        await using (var connection = await ConnectAsync(host.ConnectionString))
        {
            writes = new AcknowledgedWrites(connection.GetDatabase());
            var running = writes.RunAsync();
            await Wait.UntilAsync(() => writes.Count > 500, "500 acknowledged writes");
            await host.KillAsync();
            await running;
        }

        await using var redis = await instance.StartAsync();
        await using var reader = await ConnectAsync(redis.ConnectionString);
        await writes.AssertAllInAsync(reader.GetDatabase());

        // The log would say so if a server had still been running.
        Assert.Empty(instance.Log);
    }

    [Fact]
    public async Task Should_restart_the_server_on_its_socket_with_all_acknowledged_writes_when_it_is_killed()
    {
        await using var redis = await instance.StartAsync();
        await using var connection = await ConnectAsync(redis.ConnectionString);
        var writes = new AcknowledgedWrites(connection.GetDatabase());
        var running = writes.RunAsync();
        await Wait.UntilAsync(() => writes.Count > 500, "500 acknowledged writes");

        await instance.KillAndAwaitRestartAsync(redis);
        writes.Stop();
        await running;

        await using var reader = await ConnectAsync(redis.ConnectionString);
        await writes.AssertAllInAsync(reader.GetDatabase());
        var exit = OperatingSystem.IsWindows() ? "(exit code" : "(signal 9); restarting it";
        Assert.Contains(
            instance.Log,
            line => line.Contains("exited unexpectedly") && line.Contains(exit) && !line.EndsWith(' ') && !line.EndsWith(':'));
    }

    [UnixFact]
    public async Task Should_restart_the_server_with_all_acknowledged_writes_when_it_stops_responding()
    {
        await using var redis = await instance.StartAsync(static options => options with { PingInterval = TimeSpan.FromSeconds(1) });
        var frozen = redis.ServerProcessId;
        await using var connection = await ConnectAsync(redis.ConnectionString);
        var writes = new AcknowledgedWrites(connection.GetDatabase());
        var running = writes.RunAsync();
        await Wait.UntilAsync(() => writes.Count > 500, "500 acknowledged writes");

        await SignalAsync("STOP", frozen);
        await instance.AwaitRestartAsync();
        writes.Stop();
        await running;

        Assert.Contains(instance.Log, line => line.Contains("stopped responding"));
        Assert.NotEqual(frozen, redis.ServerProcessId);
        await using var reader = await ConnectAsync(redis.ConnectionString);
        await writes.AssertAllInAsync(reader.GetDatabase());
    }

    [Fact]
    public async Task Should_lose_no_acknowledged_transaction_when_the_server_is_repeatedly_killed_within_transactions()
    {
        const int Connections = 8;
        await using var redis = await instance.StartAsync();
        var acknowledged = new int[Connections];
        for (var round = 1; round <= 4; round++)
        {
            var enough = acknowledged.Sum() + 200;
            using var over = new CancellationTokenSource();
            var writing = Enumerable.Range(0, Connections).Select(async writer =>
            {
                await using var connection = await ConnectAsync(redis.ConnectionString);
                await WriteTransactionsAsync(connection.GetDatabase(), writer, acknowledged, over.Token);
            }).ToList();
            await Wait.UntilAsync(() => acknowledged.Sum() > enough, "200 acknowledged transactions");
            await instance.KillAndAwaitRestartAsync(redis);
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
    public async Task Should_restart_the_server_with_an_empty_log_and_all_acknowledged_writes_when_its_log_reaches_the_limit()
    {
        const int LogLimit = 1_000_000;
        await using var redis = await instance.StartAsync(static options => options with { LogLimit = LogLimit });
        for (var round = 1; round <= 2; round++)
        {
            instance.Log.Clear();
            await using var connection = await ConnectAsync(redis.ConnectionString);
            var writes = new AcknowledgedWrites(connection.GetDatabase(), round);
            var running = writes.RunAsync();
            await instance.AwaitRestartAsync();
            writes.Stop();
            await running;

            await using var reader = await ConnectAsync($"{redis.ConnectionString},allowAdmin=true");
            await writes.AssertAllInAsync(reader.GetDatabase());
            Assert.InRange(await LogBytesAsync(reader), 0, LogLimit);
            Assert.DoesNotContain(instance.Log, line => line.Contains("unexpectedly"));
        }
    }

    /// <summary>Garnet drops its oldest data, acknowledged or not, when it exceeds this setting.</summary>
    [Fact]
    public async Task Should_never_drop_data_to_save_memory_on_any_machine()
    {
        await using var redis = await instance.StartAsync();
        await using var connection = await ConnectAsync($"{redis.ConnectionString},allowAdmin=true");

        var memory = (await connection.GetServers()[0].InfoAsync("memory")).SelectMany(section => section)
            .ToDictionary(line => line.Key, line => line.Value);

        Assert.Equal(1L << 40, long.Parse(memory["store_heap_memory_target_size"], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Should_be_full_and_keep_all_data_when_the_data_exceeds_its_limit()
    {
        const int Entries = 2_400;
        var value = new byte[100_000];
        await using var redis = await instance.StartAsync(static options => options with { Memory = EmbeddedRedisOptions.LeastMemory });
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
        Assert.Contains(instance.Log, line => line.Contains("is full: its data takes"));
        await instance.KillAndAwaitRestartAsync(redis);
        await using var reader = await ConnectAsync(redis.ConnectionString);
        Assert.Equal(Entries, await reader.GetDatabase().SortedSetLengthAsync("z"));

        await reader.GetDatabase().KeyDeleteAsync("z");
        await Wait.UntilAsync(() => !redis.IsFull, "the server has room again");
    }

    [Fact]
    public async Task Should_refuse_to_start_with_one_line_when_the_folder_is_in_use()
    {
        await using var redis = await instance.StartAsync();

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(() => instance.StartAsync());

        Assert.Contains("in use by another running process", refusal.Message);
        Assert.Contains(instance.Folder, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task Should_refuse_to_start_until_the_other_process_has_stopped_when_the_folder_is_in_use_by_it()
    {
        await using var host = await HostProcess.StartAsync(instance.Folder);

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(() => instance.StartAsync());
        Assert.Contains("in use by another running process", refusal.Message);

        await host.StopAsync();
        await using var redis = await instance.StartAsync();
    }

    [UnixFact]
    public async Task Should_end_a_leftover_server_when_it_does_not_exit_by_itself()
    {
        await using var host = await HostProcess.StartAsync(instance.Folder);
        await using (var connection = await ConnectAsync(host.ConnectionString))
        {
            await connection.GetDatabase().StringSetAsync("kept", "yes");
        }

        var server = HostProcess.ServerProcessId(instance.Folder);
        await SignalAsync("STOP", server);
        // Until one thread has seen the signal, the others still run and would notice that their parent has gone.
        await Wait.UntilAsync(() => Ps("stat=", server).StartsWith('T'), "the server is stopped");
        await host.KillAsync();

        await using var redis = await instance.StartAsync();
        await using var reader = await ConnectAsync(redis.ConnectionString);
        Assert.Equal("yes", await reader.GetDatabase().StringGetAsync("kept"));
        Assert.Contains(instance.Log, line => line.Contains("an earlier process left"));
    }

    [UnixFact]
    public async Task Should_keep_serving_when_the_terminal_or_service_manager_signals_the_whole_group()
    {
        await using var redis = await instance.StartAsync();
        var server = redis.ServerProcessId;

        await SignalAsync("TERM", server);

        await using var connection = await ConnectAsync(redis.ConnectionString);
        await connection.GetDatabase().PingAsync();
        Assert.Equal(server, redis.ServerProcessId);
        Assert.NotEqual(ProcessGroup(Environment.ProcessId), ProcessGroup(server));
    }

    [Fact]
    public async Task Should_reject_clients_when_they_do_not_know_the_password()
    {
        await using var redis = await instance.StartAsync();
        using var client = UnixSocket();
        await client.ConnectAsync(new UnixDomainSocketEndPoint(redis.SocketPath));
        await using var stream = new NetworkStream(client);

        await stream.WriteAsync("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"u8.ToArray());

        using var answer = new StreamReader(stream);
        Assert.StartsWith("-NOAUTH", await answer.ReadLineAsync());
        var secret = ConfigurationOptions.Parse(redis.ConnectionString).Password!;
        Assert.All(Directory.GetFiles(instance.Folder), file => Assert.NotEqual("server.users", Path.GetFileName(file)));
        Assert.DoesNotContain(secret, CommandLine(redis.ServerProcessId));
    }

    [Fact]
    public async Task Should_run_a_script_when_a_client_sends_one()
    {
        await using var redis = await instance.StartAsync();
        await using var connection = await ConnectAsync(redis.ConnectionString);

        var result = await connection.GetDatabase().ScriptEvaluateAsync(
            "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", ["k"], ["v"]);

        Assert.Equal("v", (string?)result);
    }

    [Fact]
    public async Task Should_say_what_to_do_when_the_folder_cannot_be_created()
    {
        var file = Path.Combine(instance.Folder, "file");
        await File.WriteAllTextAsync(file, "");

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(
            () => EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = Path.Combine(file, "data") }));

        Assert.Contains("cannot be used", refusal.Message);
    }

    [Fact]
    public void Should_say_what_to_do_when_the_package_is_missing()
    {
        var refusal = Assert.Throws<EmbeddedRedisException>(() => GarnetPackage.FindServer([instance.Folder]));

        Assert.Contains("dotnet restore", refusal.Message);
        Assert.Contains(instance.Folder, refusal.Message);
    }

    /// <summary>Writes the next number to all parts, one transaction after the other, until one fails or the test cancels.</summary>
    private static async Task WriteTransactionsAsync(IDatabase database, int writer, int[] acknowledged, CancellationToken over)
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
            // It was not acknowledged, so it may be stored or not.
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

    private static Task<ConnectionMultiplexer> ConnectAsync(string connectionString) =>
        ConnectionMultiplexer.ConnectAsync(connectionString);

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
