//! Attributes that a `%`-style format can show of a record: those of a `LogRecord`, and fields.

/// What an item of a format shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// The logger's name.
    Name,
    /// The level's name.
    LevelName,
    /// The level's number.
    LevelNo,
    /// Path of the calling source file.
    PathName,
    /// The path's last part.
    FileName,
    /// The file's name without its extension.
    Module,
    /// The calling line.
    LineNo,
    /// The calling function.
    FuncName,
    /// Seconds since the Unix epoch.
    Created,
    /// Local time as text.
    AscTime,
    /// Milliseconds within the second.
    Msecs,
    /// Milliseconds since the start of the process's logging.
    RelativeCreated,
    /// The calling thread's identifier.
    Thread,
    /// The calling thread's name.
    ThreadName,
    /// The running asyncio task's name.
    TaskName,
    /// The process's id.
    Process,
    /// The process's name.
    ProcessName,
    /// The finished message.
    Message,
    /// The record's category.
    Category,
    /// The record's number in its process.
    Seq,
    /// The record's field of this name.
    Field(Box<str>),
}

/// What kind of value an attribute has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number with a decimal point.
    Float,
    /// Known only when a record comes.
    Any,
}

impl Attribute {
    /// The attribute of this name; any other name is a field's.
    pub(crate) fn named(name: &str) -> Attribute {
        match name {
            "name" => Attribute::Name,
            "levelname" => Attribute::LevelName,
            "levelno" => Attribute::LevelNo,
            "pathname" => Attribute::PathName,
            "filename" => Attribute::FileName,
            "module" => Attribute::Module,
            "lineno" => Attribute::LineNo,
            "funcName" => Attribute::FuncName,
            "created" => Attribute::Created,
            "asctime" => Attribute::AscTime,
            "msecs" => Attribute::Msecs,
            "relativeCreated" => Attribute::RelativeCreated,
            "thread" => Attribute::Thread,
            "threadName" => Attribute::ThreadName,
            "taskName" => Attribute::TaskName,
            "process" => Attribute::Process,
            "processName" => Attribute::ProcessName,
            "message" => Attribute::Message,
            "category" => Attribute::Category,
            "seq" => Attribute::Seq,
            field => Attribute::Field(field.into()),
        }
    }

    /// The kind of its values.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Attribute::LevelNo
            | Attribute::LineNo
            | Attribute::Thread
            | Attribute::Process
            | Attribute::Seq => Kind::Integer,
            Attribute::Created | Attribute::Msecs | Attribute::RelativeCreated => Kind::Float,
            Attribute::Field(_) => Kind::Any,
            _ => Kind::Text,
        }
    }
}
