using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>A folder with incomplete data is never served as if it were complete.</summary>
public sealed class DataLossSpecs : IDisposable
{
    private const int Keys = 100;

    private readonly TestInstance instance = new();

    public enum LogDamage
    {
        HoleNearEnd,
        HoleAtStart,
        WrongRecordLength,
        OnlyZeros,
        Empty,
        FirstHalf,
    }

    public void Dispose() => instance.Dispose();

    [Fact]
    public async Task Should_refuse_to_start_when_the_newest_checkpoint_is_missing()
    {
        await WriteAsync("first");
        await WriteAsync("second");
        await WriteAsync("third");
        var checkpoints = new DirectoryInfo(Path.Combine(instance.Data, "Store/checkpoints/cpr-checkpoints"));
        checkpoints.GetDirectories().MaxBy(found => found.CreationTimeUtc)!.Delete(recursive: true);

        await ExpectRefusalAsync("newest checkpoint");
    }

    [Fact]
    public async Task Should_refuse_to_start_when_all_checkpoints_are_missing()
    {
        await WriteAsync("first");
        DeleteCheckpoints();

        await ExpectRefusalAsync("newest checkpoint");
    }

    [Fact]
    public async Task Should_refuse_to_start_when_the_checkpoint_is_truncated()
    {
        await WriteAsync("first");
        var indexes = new DirectoryInfo(Path.Combine(instance.Data, "Store/checkpoints/index-checkpoints"));
        var index = indexes.GetFiles("ht.dat.*", SearchOption.AllDirectories).Single();
        await using (var stream = index.OpenWrite())
        {
            stream.SetLength(index.Length / 2);
        }

        await ExpectRefusalAsync("newest checkpoint");
    }

    [Theory]
    [InlineData("AOF/aof.log.0")]
    [InlineData("AOF/log-commits")]
    [InlineData("AOF")]
    [InlineData("")]
    public async Task Should_refuse_to_start_when_the_log_is_missing(string missing)
    {
        await WriteAsync("first");
        await WriteAsync("second");
        var path = Path.Combine(instance.Data, missing);
        if (File.Exists(path))
        {
            File.Delete(path);
        }
        else
        {
            Directory.Delete(path, recursive: true);
        }

        await ExpectRefusalAsync("data/");
    }

    /// <summary>The server deletes the log files that a checkpoint covers some time after the checkpoint.</summary>
    [Fact]
    public async Task Should_start_repeatedly_when_the_log_had_several_files()
    {
        const int Values = 70;
        var value = new byte[1_000_000];
        await using (var redis = await instance.StartAsync())
        {
            await using var connection = await ConnectAsync(redis);
            for (var number = 0; number < Values; number++)
            {
                await connection.GetDatabase().StringSetAsync(Key("large", number), value);
            }

            Assert.True(File.Exists(Path.Combine(instance.ServerLog, "aof.log.1")));
        }

        await using (await instance.StartAsync())
        {
            await Wait.UntilAsync(
                () => !File.Exists(Path.Combine(instance.ServerLog, "aof.log.0")), "the server deletes the covered part of its log");
        }

        await using var restarted = await instance.StartAsync();
        await using var reader = await ConnectAsync(restarted);
        Assert.Equal(value.Length, await reader.GetDatabase().StringLengthAsync(Key("large", Values - 1)));
    }

    [Fact]
    public async Task Should_start_with_the_remaining_data_only_when_this_very_loss_was_accepted()
    {
        await WriteAsync("first");
        DeleteCheckpoints();
        var accepted = (await ExpectRefusalAsync("newest checkpoint")).Token;

        await using (await StartAcceptingAsync(accepted))
        {
            Assert.Contains(instance.Log, IsAcceptance);
        }

        await WriteAsync("second", accepted);
        DeleteCheckpoints();
        var later = await Assert.ThrowsAsync<DataLossException>(() => StartAcceptingAsync(accepted));
        Assert.NotEqual(accepted, later.Token);
    }

    [Fact]
    public async Task Should_start_with_everything_committed_before_when_a_kill_cut_the_last_record_of_the_log()
    {
        await WriteAndKillAsync("first");
        await using (var log = LogFile().OpenWrite())
        {
            log.SetLength(log.Length - 600);
        }

        await using var redis = await instance.StartAsync();
        await using var connection = await ConnectAsync(redis);
        Assert.InRange(await CountAsync(connection, "first"), Keys / 2, Keys - 1);
    }

    /// <summary>
    /// A kill leaves whole sectors. Garnet 2.2.8 reads the length and the version of a commit record, followed by zeros, as a valid
    /// commit, and then starts without its log.
    /// </summary>
    [Fact]
    public async Task Should_lose_nothing_when_the_log_ends_within_a_commit_record()
    {
        await WriteAsync("first");
        await WriteAsync("second");
        await using (var log = LogFile().Open(FileMode.Open))
        {
            log.SetLength(FindEnd(log));
            log.Position = log.Length;
            log.Write([0xd8, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
        }

        await using var redis = await instance.StartAsync();
        await using var connection = await ConnectAsync(redis);
        Assert.Equal(Keys, await CountAsync(connection, "first"));
        Assert.Equal(Keys, await CountAsync(connection, "second"));
        Assert.False(redis.AcceptedDataLoss);
    }

    /// <summary>Garnet 2.2.8 detects few of these: it starts with what precedes the damage, or without the log.</summary>
    [Theory]
    [InlineData(LogDamage.HoleNearEnd)]
    [InlineData(LogDamage.HoleAtStart)]
    [InlineData(LogDamage.WrongRecordLength)]
    [InlineData(LogDamage.OnlyZeros)]
    [InlineData(LogDamage.Empty)]
    [InlineData(LogDamage.FirstHalf)]
    public async Task Should_refuse_to_start_until_the_loss_is_accepted_when_the_log_is_damaged(LogDamage damage)
    {
        await WriteAsync("first");
        await WriteAsync("second");
        var atLeast = await DamageAsync(damage);
        var before = await File.ReadAllBytesAsync(LogFile().FullName);
        var refusal = await ExpectRefusalAsync("it is damaged or truncated");
        Assert.Equal(before, await File.ReadAllBytesAsync(LogFile().FullName));

        int kept;
        await using (var redis = await StartAcceptingAsync(refusal.Token))
        {
            await using var connection = await ConnectAsync(redis);
            Assert.True(redis.AcceptedDataLoss);
            Assert.Contains(instance.Log, static line => IsAcceptance(line) && !line.Contains("not started"));
            kept = await CountAsync(connection, "second");
            Assert.InRange(kept, atLeast, Keys - 1);
        }

        Assert.Contains(
            Directory.GetFiles(instance.Folder, "aof.log.0", SearchOption.AllDirectories),
            file => file.Contains($"unread-log-{refusal.Token}"));
        await WriteAsync("third");
        await using var restarted = await instance.StartAsync();
        await using var reader = await ConnectAsync(restarted);
        Assert.False(restarted.AcceptedDataLoss);
        Assert.Equal(
            (Keys, kept, Keys),
            (await CountAsync(reader, "first"), await CountAsync(reader, "second"), await CountAsync(reader, "third")));
    }

    [Theory]
    [InlineData(LogDamage.OnlyZeros)]
    [InlineData(LogDamage.Empty)]
    public async Task Should_refuse_to_start_when_the_log_is_gone_after_its_owner_was_killed(LogDamage damage)
    {
        await WriteAsync("first");
        await WriteAndKillAsync("second");
        await DamageAsync(damage);

        await ExpectRefusalAsync("it is damaged or truncated");
    }

    /// <summary>Damages the log. Returns the least number of the keys written last that the undamaged part holds.</summary>
    private async Task<int> DamageAsync(LogDamage damage)
    {
        // The first entry of a client follows the commit record after the part of the log that the checkpoint covers.
        const int CommitBytes = 44;
        var inventory = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(instance.Folder, "data.json")));
        var begin = inventory.RootElement.GetProperty("Covered").GetInt64() + CommitBytes;
        await using var log = LogFile().Open(FileMode.Open);
        var end = FindEnd(log);
        switch (damage)
        {
            case LogDamage.HoleNearEnd:
                await WriteAtAsync(log, end - 1_000, new byte[100]);
                return Keys / 2;
            case LogDamage.HoleAtStart:
                await WriteAtAsync(log, begin, new byte[sizeof(int)]);
                return 0;
            case LogDamage.WrongRecordLength:
                await WriteAtAsync(log, begin, [0xff, 0xff, 0xff, 0x7f]);
                return 0;
            case LogDamage.OnlyZeros:
                await WriteAtAsync(log, 0, new byte[log.Length]);
                return 0;
            case LogDamage.Empty:
                log.SetLength(0);
                return 0;
            case LogDamage.FirstHalf:
                log.SetLength((begin + end) / 2);
                return 1;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage), damage, "unknown damage");
        }
    }

    private static async Task WriteAtAsync(FileStream log, long at, byte[] bytes)
    {
        log.Position = at;
        await log.WriteAsync(bytes);
    }

    private void DeleteCheckpoints() => Directory.Delete(Path.Combine(instance.Data, "Store"), recursive: true);

    /// <summary>Starts, writes and stops. Each start writes a checkpoint of what was written before.</summary>
    private async Task WriteAsync(string prefix, string? acceptDataLoss = null)
    {
        await using var redis = await StartAcceptingAsync(acceptDataLoss);
        await WriteToAsync(redis.ConnectionString, prefix);
    }

    private async Task WriteAndKillAsync(string prefix)
    {
        await using var killedAtTheEnd = await HostProcess.StartAsync(instance.Folder);
        await WriteToAsync(killedAtTheEnd.ConnectionString, prefix);
    }

    private static async Task WriteToAsync(string server, string prefix)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server);
        for (var number = 0; number < Keys; number++)
        {
            await connection.GetDatabase().StringSetAsync(Key(prefix, number), "value");
        }
    }

    private static async Task<int> CountAsync(ConnectionMultiplexer connection, string prefix)
    {
        RedisKey[] keys = [.. Enumerable.Range(0, Keys).Select(number => (RedisKey)Key(prefix, number))];
        return (await connection.GetDatabase().StringGetAsync(keys)).Count(static value => !value.IsNull);
    }

    private FileInfo LogFile() => Directory.GetFiles(instance.ServerLog, "aof.log.*")
        .Select(static path => new FileInfo(path))
        .MaxBy(static file => file.Length)!;

    /// <summary>The end of the log before the zeros that fill its last sector.</summary>
    private static long FindEnd(FileStream log)
    {
        var bytes = new byte[log.Length];
        log.Position = 0;
        log.ReadExactly(bytes);
        return bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
    }

    private static string Key(string prefix, int number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}");

    private static bool IsAcceptance(string line) => line.Contains("has accepted this data loss", StringComparison.Ordinal);

    private async Task<DataLossException> ExpectRefusalAsync(string cause)
    {
        var refusal = await Assert.ThrowsAsync<DataLossException>(() => instance.StartAsync());
        Assert.Contains(instance.Folder, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(cause, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        return refusal;
    }

    private Task<EmbeddedRedis> StartAcceptingAsync(string? token) =>
        instance.StartAsync(options => options with { AcceptDataLoss = token });

    private static Task<ConnectionMultiplexer> ConnectAsync(EmbeddedRedis redis) =>
        ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
}
