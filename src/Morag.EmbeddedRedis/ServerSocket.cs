using System.Net.Sockets;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The Unix socket of one embedded Redis: in its data folder, or, where no socket can be made there (the path is too long, or the
/// file system has no sockets), in a temporary folder.
/// </summary>
internal sealed class ServerSocket : IDisposable
{
    private const string TemporaryPrefix = "morag-redis-";
    // A connection string of StackExchange.Redis cannot hold a path with these.
    private static readonly char[] Separators = [',', '='];

    private readonly string? temporaryFolder;

    private ServerSocket(string folder, bool isTemporary)
    {
        Path = PathIn(folder);
        temporaryFolder = isTemporary ? folder : null;
    }

    /// <summary>Full path of the socket.</summary>
    public string Path { get; }

    /// <summary>Finds a place where a socket can be made.</summary>
    /// <param name="dataFolder">Full path of the data folder, which exists.</param>
    /// <exception cref="EmbeddedRedisException">There is none.</exception>
    public static ServerSocket In(string dataFolder)
    {
        var note = System.IO.Path.Combine(dataFolder, "socket.folder");
        DeleteTemporary(note);
        var own = System.IO.Path.Combine(dataFolder, "socket");
        PrivateFolder.CreateOrClose(own);
        if (WhyNotIn(own) is not { } why)
        {
            return new ServerSocket(own, isTemporary: false);
        }

        var temporary = Directory.CreateTempSubdirectory(TemporaryPrefix).FullName;
        if (WhyNotIn(temporary) is { } whyNeither)
        {
            Directory.Delete(temporary, recursive: true);
            throw new EmbeddedRedisException(
                $"The embedded Redis cannot listen: no Unix socket can be made in {own} ({why}) nor in {temporary} ({whyNeither}). "
                + "Choose a data folder with a shorter path on a local disk, or configure a Redis server of your own.");
        }

        // For the next start on this folder, if a kill keeps this one from removing it.
        File.WriteAllText(note, temporary);
        return new ServerSocket(temporary, isTemporary: true);
    }

    /// <summary>Removes the temporary folder, if there is one. The server has ended.</summary>
    public void Dispose()
    {
        if (temporaryFolder is not null && Directory.Exists(temporaryFolder))
        {
            Directory.Delete(temporaryFolder, recursive: true);
        }
    }

    private static string PathIn(string folder) => System.IO.Path.Combine(folder, "redis");

    /// <summary>Null where a socket can be made: this was tried.</summary>
    private static string? WhyNotIn(string folder)
    {
        var path = PathIn(folder);
        if (path.IndexOfAny(Separators) >= 0)
        {
            return "its path has a comma or an equals sign";
        }

        try
        {
            // A killed server has left its own.
            File.Delete(path);
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return e.Message.ReplaceLineEndings(" ");
        }

        File.Delete(path);
        return null;
    }

    private static void DeleteTemporary(string note)
    {
        if (!File.Exists(note))
        {
            return;
        }

        var folder = File.ReadAllText(note);
        if (System.IO.Path.GetFileName(folder).StartsWith(TemporaryPrefix, StringComparison.Ordinal) && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        File.Delete(note);
    }
}
