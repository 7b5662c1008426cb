//! Parts that pages share. A component shows what it is given; it never fetches.

pub mod banner;
pub mod dashboard_parts;
pub mod door;
pub mod empty;
pub mod field;
pub mod header;
pub mod here;
pub mod icon;
pub mod load;
pub mod moment;
pub mod page;
pub mod pager;
pub mod poll_status;
pub mod quick_add;
pub mod skeleton;
pub mod stat_card;
pub mod task_filter;
pub mod task_form;
pub mod task_row;
pub mod text_area;
pub mod theme_switch;
pub mod undo;
