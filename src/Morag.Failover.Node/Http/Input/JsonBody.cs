using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Unicode;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Input;

/// <summary>
/// Reads request bodies. Unknown fields are ignored so that a newer client can call an older node, except in calls where a misspelled
/// field would widen the effect of the call (<see cref="UnknownFields.Rejected"/>).
/// </summary>
internal static class JsonBody
{
    /// <summary>The maximum body size of an ordinary call, in bytes.</summary>
    public const int MaxBytes = CallLimits.MaxBodyBytes;

    /// <summary>
    /// The maximum body size, in bytes, of a call that lists the leases a worker holds: room for
    /// <see cref="Contracts.Workers.WorkerLimits.MaxConcurrentTasks"/> entries of a task id, an epoch and a progress value.
    /// </summary>
    public const int MaxBytesWithLists = CallLimits.MaxListBodyBytes;

    /// <summary>The maximum body size of a call with payloads or results, in bytes.</summary>
    public const int MaxBytesWithPayloads = CallLimits.MaxPayloadBodyBytes;

    /// <summary>The maximum number of entries of an array body.</summary>
    public const int MaxEntries = CallLimits.MaxEntries;

    /// <summary>The memory for the bodies of all calls to this process: an eighth of the available memory, at most 1 GiB.</summary>
    public static readonly BodyMemory Memory = new(Math.Min(1L << 30, NodeOptions.AvailableMemory / 8));

    /// <summary>Reads one object.</summary>
    /// <exception cref="ProblemException">The body is missing, too large, not JSON, or not a valid <typeparamref name="T"/>.</exception>
    public static async Task<T> Read<T>(
        HttpContext context, int maxBytes = MaxBytes, UnknownFields unknownFields = UnknownFields.Ignored)
        where T : class
    {
        using var bytes = await Bytes(context, maxBytes);
        return Parse<T>(bytes.Text, unknownFields == UnknownFields.Rejected ? StrictOptions : HttpJson.Options)
            ?? throw ProblemException.Invalid(null, "the body must be an object, not null");
    }

    /// <summary>Reads an array of 1 to <see cref="MaxEntries"/> objects, or a single object if <paramref name="orOne"/> is set.</summary>
    /// <returns>The entries, and whether the body was an array.</returns>
    public static async Task<(T[] Entries, bool IsArray)> ReadMany<T>(HttpContext context, int maxBytes, bool orOne)
        where T : class
    {
        using var bytes = await Bytes(context, maxBytes);
        if (orOne && FirstToken(bytes.Text) != '[')
        {
            T one = Parse<T>(bytes.Text, HttpJson.Options)
                ?? throw ProblemException.Invalid(null, "the body must be an object or an array of them, not null");
            return (new[] { one }, false);
        }

        var entries = Parse<T[]>(bytes.Text, HttpJson.Options)
            ?? throw ProblemException.Invalid(null, "the body must be an array, not null");
        if (entries.Length is 0 or > MaxEntries)
        {
            throw ProblemException.Invalid(null, $"the array must have 1 to {MaxEntries} entries, not {entries.Length}");
        }

        for (var index = 0; index < entries.Length; index++)
        {
            if (entries[index] is null)
            {
                throw ProblemException.Invalid(JsonPath.Item("", index), "must be an object, not null");
            }
        }

        return (entries, true);
    }

    private static readonly JsonSerializerOptions StrictOptions = new(HttpJson.Options)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    private static T? Parse<T>(ReadOnlySpan<byte> bytes, JsonSerializerOptions options)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, options);
        }
        catch (JsonException broken)
        {
            throw new ProblemException(Describe(broken));
        }
    }

    private static Problem Describe(JsonException broken)
    {
        // A syntax error of the reader arrives as an inner exception; an error of a converter does not.
        if (broken.InnerException is JsonException)
        {
            return Problem.NotJson(broken.Message);
        }

        var field = JsonPath.Relative(broken.Path);
        if (broken.InnerException is InvalidOperationException)
        {
            return Problem.Invalid(field, "must be valid Unicode text");
        }

        if (broken.Message.StartsWith("Duplicate propert", StringComparison.Ordinal))
        {
            return Problem.Invalid(field, "is given more than once");
        }

        const string Conversion = "The JSON value could not be converted to ";
        if (broken.Message.StartsWith(Conversion, StringComparison.Ordinal))
        {
            var type = broken.Message.AsSpan(Conversion.Length);
            var end = type.IndexOf(". Path", StringComparison.Ordinal);
            var isArray = (end < 0 ? type : type[..end]).EndsWith("[]", StringComparison.Ordinal);
            return Problem.Invalid(field, isArray ? "must be an array" : "must be an object");
        }

        return broken.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal)
            ? Problem.Invalid(field, "is not a field of this call, which rejects unknown fields")
            : Problem.Invalid(field, broken.Message);
    }

    private static byte FirstToken(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes.TrimStart(" \t\r\n"u8);
        return rest.IsEmpty ? (byte)0 : rest[0];
    }

    private static async Task<PooledBytes> Bytes(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.ContentLength > maxBytes)
        {
            throw new ProblemException(Problem.TooLarge(maxBytes));
        }

        // This is also a CSRF guard: a web page can send other media types cross-origin without a preflight request, but not JSON.
        if (!request.HasJsonContentType())
        {
            throw new ProblemException(Problem.WrongMediaType());
        }

        await using var body = Decoded(request);
        var bytes = new PooledBytes((int)Math.Min(request.ContentLength ?? 4096, 64 * 1024));
        try
        {
            while (await bytes.Append(body, context.RequestAborted))
            {
                if (bytes.Length > maxBytes)
                {
                    throw new ProblemException(Problem.TooLarge(maxBytes));
                }
            }

            return bytes.Text.IsEmpty ? throw new ProblemException(Problem.NotJson("the body is empty"))
                : !Utf8.IsValid(bytes.Span) ? throw new ProblemException(Problem.NotJson("the body is not valid UTF-8"))
                : bytes;
        }
        catch (InvalidDataException)
        {
            // The decoder's own message is about archives, even for a bad checksum.
            bytes.Dispose();
            throw new ProblemException(Problem.NotJson("the body cannot be decompressed: its gzip data is damaged or incomplete"));
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            // Kestrel throws a plain IOException for an overflowing chunk length and for a disconnected client.
            bytes.Dispose();
            throw new ProblemException(Problem.OfStatus(
                StatusCodes.Status400BadRequest, "the body cannot be read: its chunks are malformed, or the connection broke"));
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>The decompressed body. <c>maxBytes</c> limits the decompressed size.</summary>
    private static Stream Decoded(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return request.Body;
        }

        return encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || encoding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase)
            ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true)
            : throw new ProblemException(Problem.WrongEncoding(encoding));
    }

    /// <summary>The bytes of one body, in a buffer of the shared pool.</summary>
    private sealed class PooledBytes(int expected) : IDisposable
    {
        private byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(expected + 1, 256));
        private long reserved;

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Span => buffer.AsSpan(0, Length);

        /// <summary>The bytes without the byte order mark that some tools prepend.</summary>
        public ReadOnlySpan<byte> Text => Span.StartsWith("\uFEFF"u8) ? Span["\uFEFF"u8.Length..] : Span;

        public async ValueTask<bool> Append(Stream source, CancellationToken cancellation)
        {
            if (Length == buffer.Length)
            {
                Memory.Reserve(buffer.Length);
                reserved += buffer.Length;
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                Span.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            var read = await source.ReadAsync(buffer.AsMemory(Length), cancellation);
            Length += read;
            return read > 0;
        }

        public void Dispose()
        {
            Memory.Release(reserved);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>What a call does with unknown fields.</summary>
internal enum UnknownFields
{
    /// <summary>They are ignored.</summary>
    Ignored,

    /// <summary>The call is rejected.</summary>
    Rejected,
}
