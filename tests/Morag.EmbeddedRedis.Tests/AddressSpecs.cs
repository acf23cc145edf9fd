using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Where clients reach the server, and that no other program can take its place there.</summary>
public sealed class AddressSpecs : IDisposable
{
    private readonly TestInstance instance = new();

    public void Dispose() => instance.Dispose();

    [LinuxFact]
    public async Task Should_send_nothing_to_programs_that_take_its_ports_when_it_is_killed()
    {
        await using var redis = await StartAsync("data");
        var ports = await ListenedPortsAsync(redis.ServerProcessId);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        await connection.GetDatabase().StringSetAsync("kept", "yes");

        TestInstance.Kill(redis);
        var strangers = ports.Select(Listen).ToList();
        await instance.AwaitRestartAsync();

        await Wait.UntilAsync(() => connection.IsConnected, "the client has reconnected");
        Assert.Equal("yes", await connection.GetDatabase().StringGetAsync("kept"));
        Assert.NotEmpty(strangers);
        Assert.All(strangers, stranger => Assert.False(stranger.Pending(), "somebody connected to the stranger"));
        strangers.ForEach(stranger => stranger.Dispose());
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task Should_let_only_this_user_reach_the_socket_when_its_folder_is_open_to_all()
    {
        var socketFolder = Directory.CreateDirectory(Path.Combine(instance.Folder, "open", "socket")).FullName;
        File.SetUnixFileMode(socketFolder, (UnixFileMode)0b111_111_111);

        await using var redis = await StartAsync("open");

        Assert.Equal(socketFolder, Path.GetDirectoryName(redis.SocketPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(socketFolder));
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a=b")]
    [InlineData("a folder with a name so long that its path, with the name of a socket, exceeds the limit of a socket path")]
    public async Task Should_listen_in_a_temporary_folder_when_the_data_folder_cannot_hold_a_socket(string folder)
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
    public async Task Should_delete_the_temporary_folder_when_a_killed_process_has_left_it()
    {
        var data = Path.Combine(instance.Folder, "a,b");
        await using var host = await HostProcess.StartAsync(data);
        var left = Path.GetDirectoryName(host.ConnectionString.Split(',')[0][1..])!;
        await host.KillAsync();
        Assert.True(Directory.Exists(left));

        await using var redis = await StartAsync("a,b");

        Assert.False(Directory.Exists(left));
    }

    private Task<EmbeddedRedis> StartAsync(string folder) =>
        instance.StartAsync(options => options with { DataFolder = Path.Combine(instance.Folder, folder) });

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }

    /// <summary>What a descriptor refers to, or null if it has been closed.</summary>
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
