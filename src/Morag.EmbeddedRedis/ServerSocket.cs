using System.Net.Sockets;

namespace Morag.EmbeddedRedis;

/// <summary>
/// The Unix socket of one embedded Redis. It is in the data folder, or in a temporary folder if the data folder cannot hold a socket
/// (its path is too long, or its file system does not support sockets).
/// </summary>
internal sealed class ServerSocket : IDisposable
{
    private const string TemporaryPrefix = "morag-redis-";

    // A connection string of StackExchange.Redis cannot contain a path with these.
    private static readonly char[] Separators = [',', '='];

    private readonly string? temporaryFolder;

    private ServerSocket(string folder, bool isTemporary)
    {
        Path = PathIn(folder);
        temporaryFolder = isTemporary ? folder : null;
    }

    /// <summary>Full path of the socket.</summary>
    public string Path { get; }

    /// <summary>Finds a folder in which a socket can be created.</summary>
    /// <param name="dataFolder">Full path of the data folder, which exists.</param>
    /// <exception cref="EmbeddedRedisException">Neither the data folder nor a temporary one can hold a socket.</exception>
    public static ServerSocket Create(string dataFolder)
    {
        var note = System.IO.Path.Combine(dataFolder, "socket.folder");
        DeleteNotedFolder(note);
        var own = System.IO.Path.Combine(dataFolder, "socket");
        PrivateFolder.CreateOrRestrict(own);
        if (FindObstacle(own) is not { } obstacle)
        {
            return new ServerSocket(own, isTemporary: false);
        }

        var temporary = Directory.CreateTempSubdirectory(TemporaryPrefix).FullName;
        if (FindObstacle(temporary) is { } otherObstacle)
        {
            Directory.Delete(temporary, recursive: true);
            throw new EmbeddedRedisException(
                $"The embedded Redis cannot listen: neither {own} ({obstacle}) nor {temporary} ({otherObstacle}) can hold a Unix socket. "
                + "Choose a data folder with a shorter path on a local disk, or configure a Redis server of your own.");
        }

        // If this process is killed, the next one that uses the data folder deletes the temporary one.
        File.WriteAllText(note, temporary);
        return new ServerSocket(temporary, isTemporary: true);
    }

    /// <summary>Deletes the temporary folder, if there is one. The server must have exited.</summary>
    public void Dispose()
    {
        if (temporaryFolder is not null && Directory.Exists(temporaryFolder))
        {
            Directory.Delete(temporaryFolder, recursive: true);
        }
    }

    private static string PathIn(string folder) => System.IO.Path.Combine(folder, "redis");

    /// <summary>Tries to create a socket. Returns the reason why that failed, or null if it worked.</summary>
    private static string? FindObstacle(string folder)
    {
        var path = PathIn(folder);
        if (path.IndexOfAny(Separators) >= 0)
        {
            return "its path contains a comma or an equals sign";
        }

        try
        {
            // A killed server leaves its socket behind.
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

    private static void DeleteNotedFolder(string note)
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
