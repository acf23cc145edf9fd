using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Where the server is reached, and that nobody else can be there.</summary>
public sealed class AddressSpecs : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("morag-address-").FullName;
    private readonly ConcurrentQueue<string> log = [];

    public void Dispose() => Directory.Delete(root, recursive: true);

    [LinuxFact]
    public async Task Should_send_nothing_to_others_who_take_its_ports_when_it_is_killed()
    {
        await using var redis = await StartAsync("data");
        var ports = await ListenedPortsAsync(redis.ServerProcessId);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        await connection.GetDatabase().StringSetAsync("kept", "yes");

        Kill(redis.ServerProcessId);
        var strangers = ports.Select(Listen).ToList();
        await Wait.UntilAsync(() => log.Any(line => line.Contains("runs again")), "the server is started again");

        await Wait.UntilAsync(() => connection.IsConnected, "the client has connected again");
        Assert.Equal("yes", await connection.GetDatabase().StringGetAsync("kept"));
        Assert.NotEmpty(strangers);
        Assert.All(strangers, stranger => Assert.False(stranger.Pending(), "somebody connected to the stranger"));
        strangers.ForEach(stranger => stranger.Dispose());
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task Should_let_this_user_alone_reach_the_socket_also_in_a_folder_that_is_open_to_all()
    {
        var socketFolder = Directory.CreateDirectory(Path.Combine(root, "open", "socket")).FullName;
        File.SetUnixFileMode(socketFolder, (UnixFileMode)0b111_111_111);

        await using var redis = await StartAsync("open");

        Assert.Equal(socketFolder, Path.GetDirectoryName(redis.SocketPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(socketFolder));
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a=b")]
    [InlineData("a folder whose name is so long that, with the names of the folders it is in, no socket can have it as its path any more")]
    public async Task Should_be_reached_in_a_temporary_folder_when_the_data_folder_can_hold_no_socket(string folder)
    {
        string socketFolder;
        await using (var redis = await StartAsync(folder))
        {
            socketFolder = Path.GetDirectoryName(redis.SocketPath)!;
            Assert.StartsWith(Path.GetTempPath(), socketFolder, StringComparison.Ordinal);
            await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
            Assert.True(await connection.GetDatabase().StringSetAsync("kept", "yes"));
        }

        Assert.False(Directory.Exists(socketFolder));
    }

    [UnixFact]
    public async Task Should_remove_the_temporary_folder_that_a_killed_process_has_left()
    {
        var data = Path.Combine(root, "a,b");
        await using var host = await HostProcess.StartAsync(data);
        var left = Path.GetDirectoryName(host.ConnectionString.Split(',')[0][1..])!;
        await host.KillAsync();
        Assert.True(Directory.Exists(left));

        await using var redis = await StartAsync("a,b");

        Assert.False(Directory.Exists(left));
    }

    private Task<EmbeddedRedis> StartAsync(string folder) =>
        EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = Path.Combine(root, folder), Log = log.Enqueue });

    private static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
        process.WaitForExit();
    }

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }

    /// <summary>What a descriptor stands for; null when it was closed meanwhile.</summary>
    private static string? TargetOf(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The TCP ports on which a process listens.</summary>
    private static async Task<List<int>> ListenedPortsAsync(int processId)
    {
        const string Listening = "0A";
        var sockets = Directory.EnumerateFiles($"/proc/{processId}/fd")
            .Select(TargetOf)
            .ToHashSet();
        return [.. (await File.ReadAllLinesAsync($"/proc/{processId}/net/tcp")).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns[3] == Listening && sockets.Contains($"socket:[{columns[9]}]"))
            .Select(columns => int.Parse(columns[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }
}

/// <summary>A fact that looks into /proc.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "NOT TESTED: this system has no /proc as Linux has";
}
